// What is made of measured times, and how it is shown.

/** The middle value. */
export function median(values) {
  return quantile(values, 0.5);
}

/** The value that 19 of 20 stay below. */
export function p95(values) {
  return quantile(values, 0.95);
}

/** The values in random order. */
export function shuffled(values) {
  const mixed = [...values];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

/**
 * One line per lane of a workload. `rounds` holds, for each lane, the times of each of its rounds; a lane's ratio is the
 * median of its rounds' ratios to the very same rounds of the baseline, so that what slows the machine for a while
 * slows both.
 */
export function lines(workload, rounds, baseline) {
  const base = rounds.get(baseline)?.map(median);
  return [...rounds].map(([lane, times]) => {
    const all = times.flat();
    const ratio = base && median(times.map((round, i) => median(round) / base[i]));
    return [workload, lane, milliseconds(median(all)), milliseconds(p95(all)), ratio?.toFixed(2) ?? ""];
  });
}

/** A table in Markdown. The first `texts` columns are text, the others figures. */
export function table(head, rows, texts) {
  const widths = head.map((name, i) => Math.max(name.length, 3, ...rows.map((row) => row[i].length)));
  const cell = (text, i) => (i < texts ? text.padEnd(widths[i]) : text.padStart(widths[i]));
  const row = (cells) => `| ${cells.map(cell).join(" | ")} |`;
  const rule = widths.map((width, i) => (i < texts ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [row(head), `| ${rule.join(" | ")} |`, ...rows.map(row)].join("\n");
}

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

export function milliseconds(value) {
  return value < 10 ? value.toFixed(3) : value.toFixed(1);
}
