// The servers of other people's tools, each a program that says its address when it is ready.

import { spawn } from "node:child_process";
import { ours } from "./consumer.mjs";

const DEADLINE_MS = 120_000;

/**
 * Starts a program in a folder and waits until it prints an address of loopback, its own. `close()` ends it with the programs
 * that it has started.
 */
export async function started(folder, [program, ...args], env = {}) {
  // A group of its own: tools start further programs, which would outlive them.
  const server = spawn(program, args, { cwd: folder, env: ours(env), detached: true });
  const ended = new Promise((resolve) => server.once("close", resolve));
  let printed = "";
  let timer;
  const close = async () => {
    clearTimeout(timer);
    try {
      process.kill(-server.pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
    await ended;
  };
  const failed = (why) => new Error(`${args.join(" ")}: ${why}\n${printed}`);
  try {
    const url = await new Promise((resolve, reject) => {
      const read = (data) => {
        printed += data;
        const [found] = printed.match(/http:\/\/(127\.0\.0\.1|localhost|\[::1?\]):\d+/) ?? [];
        if (found) resolve(found);
      };
      server.stdout.setEncoding("utf8").on("data", read);
      server.stderr.setEncoding("utf8").on("data", read);
      server.once("error", reject);
      ended.then(() => reject(failed("it ended")));
      timer = setTimeout(() => reject(failed("it said no address")), DEADLINE_MS);
    });
    return { url, printed: () => printed, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
