// What a page loads to use a package: its JavaScript as one minified bundle, and its wasm.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "../toolchain.mjs";

/** The sizes in bytes of what a page loads: `{ js, wasm, sum }`, each `{ raw, gzip, brotli }`. */
export async function measure({ code, wasm, folder = root }) {
  const js = sizes(await bundle(code, folder));
  const module = wasm ? sizes(await readFile(path.join(root, wasm))) : { raw: 0, gzip: 0, brotli: 0 };
  return { js, wasm: module, sum: added(js, module) };
}

/** burrow as a page loads it, with everything that its entry exports. */
export const burrow = {
  name: "burrow",
  code: `export * from "burrow-store"`,
  wasm: "pkg/wasm/burrow_bg.wasm",
  // The package may import itself by its name.
  folder: path.join(root, "pkg"),
};

async function bundle(code, folder) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].contents;
}

function sizes(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

function added(a, b) {
  return Object.fromEntries(Object.keys(a).map((key) => [key, a[key] + b[key]]));
}
