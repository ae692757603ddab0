// A program: watches a store at the edge, time going by twenty times as fast, through a proxy behind which the network falls silent
// and comes back. It prints what the watch says of itself.

import { addressOf } from "./edge-address.mjs";
import { proxy } from "./proxy.mjs";

const FASTER = 20;
const { setTimeout } = globalThis;
const now = Date.now.bind(Date);
const begun = now();
globalThis.setTimeout = (work, ms) => setTimeout(work, ms / FASTER);
Date.now = () => begun + (now() - begun) * FASTER;
const { connect } = await import("../../pkg/dist/connect.js");
// The package has noted its timers; those of the platform's own go on as ever.
globalThis.setTimeout = setTimeout;

const between = await proxy(process.env.BURROW_EDGE);
const said = [];
let tell = () => {};
const onWatching = (lost) => {
  said.push(lost === undefined ? "watching" : `${lost.code}: ${lost.cause.message}`);
  tell();
};
const next = () => new Promise((resolve) => (tell = resolve));
const address = await addressOf(between.url, "silent");
const store = await connect({ ...address, timeout: 20 * 60_000, onWatching });
const opened = next();
store.watch({}, () => {});
await opened;
// Pings are answered for longer than silence lasts.
await new Promise((resolve) => setTimeout(resolve, 4000));
const lost = next();
between.faults.answer = () => new Promise(() => {});
await lost;
between.faults.answer = undefined;
await next();
await store.close();
between.close();
console.log(JSON.stringify(said));
