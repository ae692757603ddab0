// An engine, killed so many times in a folder of its own.

import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import { ENGINES } from "./engines.mjs";
import { killAgainAndAgain } from "./rounds.mjs";

/** Resolves with the figures, `onKill` is told of them as they grow. The folder stays where there was a fault, and the error names it. */
export async function killedInFolder(name, kills, onKill) {
  const { TMPDIR } = process.env;
  const folder = await mkdtemp(path.join(root, "target/kill-"));
  // Who is killed removes no files: those are to be here, too.
  process.env.TMPDIR = folder;
  try {
    const engine = await ENGINES[name].open(folder);
    const sum = await killAgainAndAgain(engine, kills, onKill).finally(() => engine.close?.());
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    return sum;
  } catch (error) {
    throw new Error(`${name} in ${folder}, which is left as it is`, { cause: error });
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}
