// Stores at the edge service whose address is in BURROW_EDGE.

import { connect as dial } from "node:net";
import { addressOf } from "./edge-address.mjs";
import { proxy } from "./proxy.mjs";
import { connect } from "../../pkg/dist/connect.js";

export const service = process.env.BURROW_EDGE;
let mobs = 0;

/** A store of a mob that nobody has had, at the service or where else it is reached. */
export async function open({ url = service, mob = `mob ${process.pid} ${mobs++}`, ...options } = {}) {
  const address = await addressOf(url, mob);
  return Object.assign(await connect({ ...address, ...options }), { mob });
}

/** A store that is reached by a proxy, and the same store reached without it. */
export async function proxied(test, options) {
  const between = await proxy(service);
  try {
    const store = await open({ url: between.url, ...options });
    await test({ between, store, direct: await open({ mob: store.mob }) });
    await store.close();
  } finally {
    between.close();
  }
}

/** What the service says to these bytes. */
export function sent(bytes) {
  const { port, hostname } = new URL(service);
  return new Promise((resolve, reject) => {
    const socket = dial(Number(port), hostname);
    socket.on("data", (data) => {
      resolve(String(data));
      socket.destroy();
    });
    socket.on("error", reject);
    socket.write(bytes);
  });
}
