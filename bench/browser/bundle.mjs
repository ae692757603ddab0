// Each contender's pages, bundled and minified as an application would ship them.

import { copyFile, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/toolchain.mjs";
import { fileOf } from "./contenders.mjs";

const OUT = "target/bench";
const here = path.join(root, "bench/browser");

/** Bundles the contenders' pages and gives, by the contender's name, the path of its pages' folder on the server. */
export async function bundle(contenders) {
  await rm(path.join(root, OUT), { recursive: true, force: true });
  return new Map(
    await Promise.all(
      contenders.map(async (contender, i) => [contender.name, `/${await bundleOne(contender, i)}`]),
    ),
  );
}

async function bundleOne(contender, i) {
  const file = fileOf(contender);
  const own = path.join(OUT, `${i}-${file}`);
  const pages = path.join(own, "pages");
  const { folder = path.join(root, "pkg") } = contender;
  const entries = ["page.mjs", "cold.mjs", "cold-payload.mjs"].map((entry) => path.join(here, entry));
  if (file === "sqlite") entries.push(path.join(here, "contenders/sqlite-worker.mjs"));
  await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: entry, out: path.basename(entry, ".mjs") })),
    outdir: pages,
    alias: {
      contender: path.join(here, `contenders/${file}.mjs`),
      "burrow-build": path.join(folder, "dist/browser.js"),
    },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  for (const page of ["page.html", "cold.html"]) await copy(path.join(here, page), path.join(pages, page));
  // burrow looks for its wasm beside the folder of its script, SQLite within it, as bundlers that know of them have it.
  if (file === "burrow") {
    await copy(path.join(folder, "wasm/burrow_bg.wasm"), path.join(own, "wasm/burrow_bg.wasm"));
  }
  if (file === "sqlite") {
    const wasm = path.join(root, "node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm");
    await copy(wasm, path.join(pages, "sqlite3.wasm"));
  }
  return pages;
}

async function copy(from, to) {
  const file = path.join(root, to);
  await mkdir(path.dirname(file), { recursive: true });
  await copyFile(from, file);
}
