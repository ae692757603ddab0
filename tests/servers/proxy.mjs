// A proxy that loses what it is told to lose.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Begins to pass connections on to the address. */
export async function proxy(address) {
  const open = new Set();
  const faults = { request: undefined, answer: undefined };
  let target = new URL(address);
  let held;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const sockets = [near, far];
    const end = () => sockets.forEach((socket) => socket.destroy());
    open.add(end);
    for (const socket of sockets) {
      socket.setNoDelay();
      socket.on("error", end);
      socket.on("close", () => (end(), open.delete(end)));
    }
    near.on("data", (data) => {
      if (held) held.push(data);
      else if (faults.request?.()) end();
      else far.write(data);
    });
    far.on("data", async (data) => {
      const passed = await faults.answer?.(data);
      if (passed === undefined) return near.write(data);
      near.write(passed, end);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  /** Does something the next time. */
  const next = (kind, what) => {
    faults[kind] = (data) => {
      faults[kind] = undefined;
      return what(data);
    };
  };
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    faults,
    /** The next request is lost. */
    loseRequest: () => next("request", () => true),
    /** The next answer is lost, all but so many bytes of it, once `before` is done. */
    loseAnswer: (before = async () => {}, kept = 0) =>
      next("answer", async (data) => {
        await before();
        return data.subarray(0, kept);
      }),
    /** What is sent is held back from now on, until the returned function is called, which gives it. */
    hold() {
      const all = (held = []);
      return () => ((held = undefined), Buffer.concat(all));
    },
    /** Connections go there from now on. */
    leadTo: (address) => (target = new URL(address)),
    /** Ends all connections that are open. */
    breakAll: () => open.forEach((end) => end()),
    close() {
      open.forEach((end) => end());
      server.close();
    },
  };
}
