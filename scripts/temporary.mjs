// Temporary folders, which go when the process ends: by itself, by an error, by Ctrl+C or by SIGTERM. Importing this is enough for
// what browsers and servers put aside: one folder is TMPDIR for this process and for those that it starts, so that what one of them
// leaves when it is killed goes too.

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import path from "node:path";

const folders = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

// A signal alone would end the process without its listeners of "exit".
const endings = [];
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await Promise.allSettled(endings.map((end) => end()));
    process.exit(128 + constants.signals[signal]);
  });
}

/** What is waited for before such a signal ends the process. */
export function beforeEnding(end) {
  endings.push(end);
}

// Of the processes of a run, the first one makes it.
if (process.env.BURROW_TMPDIR === undefined) {
  process.env.BURROW_TMPDIR = process.env.TMPDIR = temporaryFolder("burrow");
  // A test of files that may not be written runs as another user, who has to get there.
  chmodSync(process.env.TMPDIR, 0o755);
}

/** A new folder, `within` that for temporary ones or another. */
export function temporaryFolder(name, within = tmpdir()) {
  const folder = mkdtempSync(path.join(within, `${name}-`));
  folders.push(folder);
  return folder;
}
