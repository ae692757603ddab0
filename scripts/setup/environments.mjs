// The tools in whose projects the package is tried: bundlers, frameworks, test runners, several versions of some.

import path from "node:path";
import { root } from "../toolchain.mjs";
import { npmDependencies } from "./npm.mjs";

export function environments() {
  return npmDependencies(path.join(root, "tests/packaging/environments"), "users' tools");
}
