// `npm run size`: what a page loads to use burrow, beside what it loads to use others, as a table in Markdown.

import { main, run } from "./toolchain.mjs";

// Each with what a page uses first; of those that need wasm, the file too.
const OTHERS = [
  { name: "idb", code: `export { openDB } from "idb"` },
  { name: "localforage", code: `export { default } from "localforage"` },
  { name: "dexie", code: `export { Dexie } from "dexie"` },
  { name: "pouchdb-browser", code: `export { default } from "pouchdb-browser"` },
  {
    name: "@sqlite.org/sqlite-wasm",
    code: `export { default } from "@sqlite.org/sqlite-wasm"`,
    wasm: "node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm",
  },
];

await main(async () => {
  run("node", ["scripts/setup.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
  run("node", ["scripts/build.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
  const { burrow, measure } = await import("./size/measure.mjs");
  const rows = [];
  for (const { name, ...library } of [burrow, ...OTHERS]) rows.push(row(name, await measure(library)));
  console.log(
    table(["in kB", "wasm", "gzip", "brotli", "js", "gzip", "brotli", "both, gzip", "brotli"], rows),
  );
});

function row(name, { js, wasm, sum }) {
  const all = (part) => [part.raw, part.gzip, part.brotli].map(kilobytes);
  const [, ...packed] = all(sum);
  return [name, ...(wasm.raw > 0 ? all(wasm) : ["", "", ""]), ...all(js), ...packed];
}

function kilobytes(bytes) {
  return (bytes / 1000).toFixed(1);
}

function table(head, rows) {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length), 4));
  const line = (cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
