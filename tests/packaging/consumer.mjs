// Projects outside the repository that have installed the packed package, and nothing else.

import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { root } from "../../scripts/toolchain.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const DEADLINE_S = 180;

/** Runs a program to its end in a folder and gives what it printed; rejects with that if it fails or does not end. */
export async function run(folder, program, ...args) {
  return runWith({}, folder, program, ...args);
}

/** The same with these in its environment. */
export async function runWith(env, folder, program, ...args) {
  return runFor(DEADLINE_S, env, folder, program, ...args);
}

/** The same with another deadline, in seconds. */
export async function runFor(seconds, env, folder, program, ...args) {
  const options = { cwd: folder, timeout: 1000 * seconds, env: ours(env) };
  const { stdout } = await promisify(execFile)(program, args, options).catch((error) => {
    // One that printed too much is killed too, and has a code that says so.
    const late =
      error.killed && error.code === null ? `It was killed: it had not ended after ${seconds} s.\n` : "";
    throw new Error(`${error.message}\n${late}${error.stdout}\n${error.stderr}`);
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
 * A project of `projects/` that has installed the packed package, in a folder of its own. The job is a file of every project. `packed` is
 * what npm says of the tarball. `within` a folder it finds what is installed there.
 */
export async function consumer(project, { within } = {}) {
  const { made, packed } = await installed(project);
  const folder = temporaryFolder(`burrow-${project}`, within);
  await cp(made, folder, { recursive: true, verbatimSymlinks: true });
  return { folder, packed };
}

/** The project with the package, to be copied: npm takes its time. */
const installed = once(async (project) => {
  const { file, packed } = await pack();
  const made = temporaryFolder(project);
  await cp(path.join(here, "projects", project), made, { recursive: true });
  await cp(path.join(here, "job.mjs"), path.join(made, "job.mjs"));
  await cp(file, path.join(made, packed.filename));
  // The package needs no other, so nothing has to be fetched: if it came to need one, this would fail.
  await run(made, "npm", "install", "--offline", "--no-audit", "--no-fund", packed.filename);
  return { made, packed };
});

const pack = once(async () => {
  const folder = temporaryFolder("packed");
  const args = ["pack", "--json", "--pack-destination", folder];
  const [packed] = JSON.parse(await run(path.join(root, "pkg"), "npm", ...args));
  return { file: path.join(folder, packed.filename), packed };
});

/** A function that does its work once for each argument. */
function once(work) {
  const done = new Map();
  return (argument) => {
    if (!done.has(argument)) done.set(argument, work(argument));
    return done.get(argument);
  };
}
