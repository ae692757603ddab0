// Programs that the tests start and end.

import { spawn } from "node:child_process";
import { once } from "node:events";

/** Starts a program that ends when we do, at the latest. `pipes` are the ones it gets from file descriptor 3 on. */
export function start(command, args, { env = process.env, pipes = [] } = {}) {
  const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "ignore", ...pipes] });
  const exit = new Promise((resolve) => child.once("exit", resolve));
  const failure = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ended by itself with exit code ${code}`)));
  });
  failure.catch(() => {});
  const kill = () => child.kill();
  process.once("exit", kill);
  return {
    child,
    /** Rejects when the program ends. */
    failure,
    async end() {
      kill();
      await exit;
      process.off("exit", kill);
    },
  };
}

/** Starts a virtual display. Xvfb picks a free number and says which. */
export async function startDisplay() {
  const server = start("Xvfb", ["-displayfd", "3", "-nolisten", "tcp"], { pipes: ["pipe"] });
  const [number] = await Promise.race([once(server.child.stdio[3], "data"), server.failure]);
  return { name: `:${String(number).trim()}`, end: server.end };
}
