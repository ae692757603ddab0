// `npm run docs`: the API reference, from the package's types and from the crate, into target/doc.

import path from "node:path";
import { npmDependencies } from "./setup/npm.mjs";
import { main, root, run, withTools } from "./toolchain.mjs";

await main(async () => {
  const env = withTools();
  run("node", ["scripts/setup.mjs"]);
  run("node", ["scripts/build.mjs"]);
  const own = path.join(root, "scripts/docs");
  await npmDependencies(own, "typedoc");

  run("cargo", ["doc", "--no-deps", "--all-features"], { env });
  const typedoc = path.join(own, "node_modules/.bin/typedoc");
  const pages = path.join(root, "target/doc/npm");
  const texts = ["--name", "burrow-store", "--readme", "pkg/README.md"];
  // What every entry exports, with its comments.
  const entry = ["--entryPoints", "pkg/src/browser.ts", "--tsconfig", "pkg/tsconfig.json"];
  const strict = ["--treatWarningsAsErrors", "--intentionallyNotExported", "Module"];
  run(typedoc, [...entry, ...texts, ...strict, "--excludeInternal", "--out", pages], { env });

  console.log(`\ntarget/doc/burrow/index.html: the crate\ntarget/doc/npm/index.html: the package`);
});
