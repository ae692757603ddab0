// How a set-up step looks: a line that says what is being done before it starts, and one that says how long it took after it ended:
// several are done beside each other. The tools' own output appears only when they fail, and then only its end.

import { spawn } from "node:child_process";
import { root, Stop } from "../toolchain.mjs";

export function alreadyThere(what) {
  console.log(`${what}: already there`);
}

/** Prints `what`, does the work, prints the time. The work may return a word on how it went. */
export async function timed(what, work) {
  console.log(`${what} …`);
  const start = Date.now();
  try {
    const outcome = (await work()) ?? "done";
    console.log(`${what}: ${outcome} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.log(`${what}: failed`);
    throw error;
  }
}

/** Runs a command without showing its output; if it fails, the error ends with the last lines of it. */
export function quietly(command, args, env = process.env) {
  const line = [command, ...args].join(" ");
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.stderr.on("data", (data) => (text += data));
    child.on("error", (error) => reject(new Stop(`could not start \`${line}\`: ${error.message}.`)));
    child.on("close", (code) => {
      if (code === 0) return resolve();
      const tail = text.trimEnd().split("\n").slice(-20).join("\n");
      reject(new Stop(`\`${line}\` failed (exit code ${code}). The end of its output:\n\n${tail}`));
    });
  });
}
