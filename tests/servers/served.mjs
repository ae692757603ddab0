// A program that starts workerd on a folder and says where it listens, in a process group that `kill()` ends at once.

import { spawn } from "node:child_process";
import { once } from "node:events";

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
