// How values are written.

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const COUNT = new Intl.NumberFormat("en");

/** A UUID's two ends: the first tells about when it was made, the last which one it is. */
export function shortId(id: string): string {
  return id.length === 36 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** The time of day of an RFC 3339 time. */
export function clock(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : CLOCK.format(date);
}

/** A number with its thousands apart. */
export function count(number: number | bigint): string {
  return COUNT.format(number);
}

/** A number of bytes in the unit that suits it. */
export function bytes(number: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(number, 1)) / 3), UNITS.length - 1);
  const amount = new Intl.NumberFormat("en", { maximumFractionDigits: 1 }).format(number / 1000 ** power);
  return `${amount} ${UNITS[power]}`;
}

/** A number and its noun. */
export function counted(number: number | bigint, one: string, many = `${one}s`): string {
  return `${count(number)} ${BigInt(number) === 1n ? one : many}`;
}

/** `applied_pending_consumption` as words. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
