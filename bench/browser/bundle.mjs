// Each contender's pages, bundled and minified as an application would ship them.

import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/toolchain.mjs";

const OUT = "target/bench";
const here = path.join(root, "bench/browser");

/** Bundles the contenders' pages and gives the path of each one's folder on the server. */
export async function bundle(names) {
  await Promise.all(names.map(bundleOne));
  // burrow looks for its wasm beside the folder of its script, SQLite within it, as bundlers that know of them have it.
  await copy("pkg/wasm/burrow_bg.wasm", "wasm/burrow_bg.wasm");
  await copy("node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm", "sqlite/sqlite3.wasm");
  return Object.fromEntries(names.map((name) => [name, `/${OUT}/${name}`]));
}

async function bundleOne(name) {
  const entries = ["page.mjs", "cold.mjs", "cold-payload.mjs"].map((file) => path.join(here, file));
  if (name === "sqlite") entries.push(path.join(here, "contenders/sqlite-worker.mjs"));
  await build({
    absWorkingDir: root,
    entryPoints: entries.map((file) => ({ in: file, out: path.basename(file, ".mjs") })),
    outdir: `${OUT}/${name}`,
    alias: { contender: path.join(here, `contenders/${name}.mjs`) },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  for (const file of ["page.html", "cold.html"]) await copy(`bench/browser/${file}`, `${name}/${file}`);
}

async function copy(from, to) {
  const file = path.join(root, OUT, to);
  await mkdir(path.dirname(file), { recursive: true });
  await copyFile(path.join(root, from), file);
}
