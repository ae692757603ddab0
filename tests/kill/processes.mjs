// Processes that are told operations, a line of JSON each, over their standard input: Node's and native ones on one SQLite file.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Violation } from "./check.mjs";

const program = fileURLToPath(new URL("process.mjs", import.meta.url));
/** Over how many processes the writers are spread. */
const PROCESSES = 2;

/** Processes of `node`, a Node that has SQLite. */
export const nodeEngine = (node, folder) => engine([node, program], node, folder);

/** Processes of the native program, and one of `node` that looks: both open the same file. */
export const nativeEngine = (native, node, folder) => engine([native], node, folder);

async function engine(command, node, folder) {
  const file = path.join(folder, "burrow.sqlite");
  // It is never killed, and has the file open only while it looks.
  const looker = await startProcess(node, [fileURLToPath(new URL("looker.mjs", import.meta.url)), file]);
  return {
    async start() {
      const [started, ...args] = command;
      const starting = Array.from({ length: PROCESSES }, () => startProcess(started, [...args, file]));
      // Told to who asks first.
      for (const one of starting) one.catch(() => {});
      const kill = async () => {
        const started = await Promise.allSettled(starting);
        await Promise.all(started.map(({ value }) => value?.kill()));
      };
      return {
        // While the writers start.
        look: (asked) => looker.ask({ look: asked }),
        async perform(writer, operation) {
          return (await starting[writer % PROCESSES]).ask({ operation });
        },
        kill,
      };
    },
    close: () => looker.kill(),
  };
}

/** Starts a process, and waits until it has opened the file. */
async function startProcess(command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const exit = once(child, "close");
  const waiting = new Map();
  let ids = 0;
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  child.stdin.on("error", () => {});
  const isReady = new Promise((resolve) => waiting.set(undefined, { resolve, reject: resolve }));
  createInterface(child.stdout).on("line", (line) => {
    const { id, error, found } = JSON.parse(line);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Violation(error));
    else resolve(found);
  });
  exit.then(() => waiting.forEach(({ reject }) => reject(new Error(`the process has ended: ${errors}`))));
  const error = await isReady;
  if (error) throw error;
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null)
          return reject(new Error(`the process has ended: ${errors}`));
        waiting.set(++ids, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ ...request, id: ids })}\n`);
      }),
    async kill() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}
