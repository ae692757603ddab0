// Whether the same sources make the same wasm in another folder: clones what is committed, builds it there, and compares it with the wasm
// that was built here. `npm run reproduce`.

import { readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { temporaryFolder } from "./temporary.mjs";
import { main, output, root, run, Stop } from "./toolchain.mjs";

const FILES = ["burrow_bg.wasm", "server_bg.wasm"];

await main(() => {
  if (output("git", ["status", "--porcelain", "src", "Cargo.lock", "Cargo.toml", "scripts"]) !== "")
    throw new Stop("Sources are changed and not committed: what is cloned would not be what is here.");
  run("node", ["scripts/build.mjs"]);
  const place = temporaryFolder("reproduced");
  const clone = path.join(place, "in/another/folder");
  run("git", ["clone", "--quiet", root, clone]);
  // The same tools: they are no part of what is to be the same.
  for (const tools of ["node_modules", ".tools"])
    symlinkSync(path.join(root, tools), path.join(clone, tools));
  run("node", [path.join(clone, "scripts/build.mjs")], { cwd: clone });
  for (const file of FILES) {
    const [here, there] = [root, clone].map((folder) => readFileSync(path.join(folder, "pkg/wasm", file)));
    if (!here.equals(there)) throw new Stop(`${file} is another one in another folder.`);
  }
  console.log("the same wasm, byte for byte");
});
