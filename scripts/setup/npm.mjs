// The npm packages of package-lock.json. npm notes what it installed in node_modules/.package-lock.json: if that
// is older than ours, the lock has changed since.

import { statSync } from "node:fs";
import path from "node:path";
import { root } from "../toolchain.mjs";
import { alreadyThere, quietly, timed } from "./step.mjs";

export async function npmDependencies() {
  if (changed("node_modules/.package-lock.json") >= changed("package-lock.json")) {
    return alreadyThere("npm packages");
  }
  await timed("npm packages: npm ci", () => quietly("npm", ["ci", "--no-audit", "--no-fund"]));
}

function changed(file) {
  return statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
