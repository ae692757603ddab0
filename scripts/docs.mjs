// `npm run docs`: the API reference, from the package's types and from the crate, into target/doc.

import { existsSync } from "node:fs";
import path from "node:path";
import { main, root, run, withTools } from "./toolchain.mjs";

await main(() => {
  const env = withTools();
  run("node", ["scripts/setup.mjs"]);
  run("node", ["scripts/build.mjs"]);
  const own = path.join(root, "scripts/docs");
  if (!existsSync(path.join(own, "node_modules"))) {
    run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: own });
  }

  run("cargo", ["doc", "--no-deps", "--all-features"], { env });
  const typedoc = path.join(own, "node_modules/.bin/typedoc");
  const pages = path.join(root, "target/doc/npm");
  const texts = ["--name", "burrow-store", "--readme", "pkg/README.md"];
  // The entries differ only in where they find the wasm.
  const entry = ["--entryPoints", "pkg/src/browser.ts", "--tsconfig", "pkg/tsconfig.json"];
  run(typedoc, [...entry, ...texts, "--excludeInternal", "--out", pages], { env });

  console.log(`\ntarget/doc/burrow/index.html: the crate\ntarget/doc/npm/index.html: the package`);
});
