// workerd with one Durable Object, which all writers ask at once, in a process group that can be killed as one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { get } from "../servers/get.mjs";
import { Violation } from "./check.mjs";

const program = fileURLToPath(new URL("../servers/serve-worker.mjs", import.meta.url));
const worker = fileURLToPath(new URL("worker/", import.meta.url));

export function workerdEngine(folder) {
  return {
    async start() {
      const { url, kill } = await served(program, folder, worker);
      const ask = async (path, body) => {
        const { error, found } = JSON.parse(await get(new URL(path, url), JSON.stringify(body)));
        if (error) throw new Violation(error);
        return found;
      };
      return {
        look: (asked) => ask("look", asked),
        perform: (writer, operation) => ask("perform", operation),
        kill,
      };
    },
  };
}

/** A program that starts workerd on a folder and says where it listens, in a process group that `kill()` ends at once. */
export async function served(program, ...args) {
  const child = spawn(process.execPath, [program, ...args], { detached: true });
  const ended = once(child, "close");
  const kill = async () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // The process has ended already.
    }
    await ended;
  };
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  const [line] = await Promise.race([once(child.stdout, "data"), ended]);
  if (typeof line === "number") throw new Error(`workerd did not start: ${errors}`);
  return { url: String(line).trim(), kill };
}
