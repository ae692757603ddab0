// The npm packages of a package-lock.json. npm notes what it installed in node_modules/.package-lock.json: if that
// is older than ours, the lock has changed since.

import { statSync } from "node:fs";
import path from "node:path";
import { root } from "../toolchain.mjs";
import { alreadyThere, quietly, timed } from "./step.mjs";

/** Installs the packages of a folder, the project's own unless another is named. */
export async function npmDependencies(folder = root, what = "npm packages") {
  const changed = (file) => statSync(path.join(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (changed("node_modules/.package-lock.json") >= changed("package-lock.json")) return alreadyThere(what);
  const options = ["--no-audit", "--no-fund", "--prefix", folder];
  await timed(`${what}: npm ci`, () => quietly("npm", ["ci", ...options]));
}
