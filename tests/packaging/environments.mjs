// The tools of other people's projects, several versions of some: they are installed in a folder of their own.

import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The folder. A project within it finds the tools as if it had them installed. */
export const environments = fileURLToPath(new URL("environments/", import.meta.url));

/** One of the tools, as a module. */
export async function fromEnvironments(name) {
  const manifest = path.join(environments, "node_modules", name, "package.json");
  const { exports, main } = createRequire(import.meta.url)(manifest);
  let target = exports?.["."] ?? main;
  while (typeof target === "object") target = target.import ?? target.default;
  return import(pathToFileURL(path.join(path.dirname(manifest), target)).href);
}

/** A Node for the tools that need a newer one than the oldest that burrow runs on. */
export const newerNode = path.join(environments, "node_modules/node24/bin/node");
