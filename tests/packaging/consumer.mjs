// Projects outside the repository that have installed the packed package, and nothing else.

import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { root } from "../../scripts/toolchain.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const PROGRAM_DEADLINE_MS = 180_000;

/** Runs a program to its end in a folder and gives what it printed; rejects with that if it fails or does not end. */
export async function run(folder, program, ...args) {
  return runWith({}, folder, program, ...args);
}

/** The same with these in its environment. */
export async function runWith(env, folder, program, ...args) {
  const options = { cwd: folder, timeout: PROGRAM_DEADLINE_MS, env: ours(env) };
  const { stdout } = await promisify(execFile)(program, args, options).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}

/** The environment of a user's program: without what the test runner tells its own ones, and with these. */
export function ours(env = {}) {
  const { NODE_TEST_CONTEXT, NODE_ENV, ...inherited } = process.env;
  return { ...inherited, NO_COLOR: "1", ...env };
}

/** The path of a tool that the repository has from npm. */
export const tool = (name) => path.join(root, "node_modules/.bin", name);

/**
 * Packs the package and installs it into the project in `projects/`, in a folder of its own that goes when this process
 * ends. The job is a file of every project. `packed` is what npm says of the tarball. `within` a folder it finds what is
 * installed there.
 */
export async function consumer(project, { within = tmpdir() } = {}) {
  const folder = await mkdtemp(path.join(within, `burrow-${project}-`));
  // Not after the tests: where something fails before the first of them, there is no after.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  await cp(path.join(here, "projects", project), folder, { recursive: true });
  await cp(path.join(here, "job.mjs"), path.join(folder, "job.mjs"));
  const pack = ["pack", "--json", "--pack-destination", folder];
  const [packed] = JSON.parse(await run(path.join(root, "pkg"), "npm", ...pack));
  // The package needs no other, so nothing has to be fetched: if it came to need one, this would fail.
  await run(folder, "npm", "install", "--offline", "--no-audit", "--no-fund", packed.filename);
  return { folder, packed };
}
