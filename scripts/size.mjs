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
  console.log(table(["kB, as it is / gzip / brotli", "wasm", "JavaScript", "both"], rows));
});

function row(name, { js, wasm, sum }) {
  return [name, wasm.raw > 0 ? shown(wasm) : "none", shown(js), shown(sum)];
}

function shown({ raw, gzip, brotli }) {
  return [raw, gzip, brotli].map((bytes) => (bytes / 1000).toFixed(1)).join(" / ");
}

function table(head, rows) {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
