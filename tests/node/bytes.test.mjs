// Bytes, of every kind that a caller may have: what is stored are those that the platform says there are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { openStore } from "../../pkg/dist/node.js";
import { fails } from "../support/expect.mjs";

const BYTES = [7, 1, 2, 255, 9];
const filled = (buffer, from = 0) => {
  new Uint8Array(buffer, from).set(BYTES);
  return buffer;
};
const store = await openStore({ backend: "memory" });
const runtime = store.runtime("r");

const resizable = filled(new ArrayBuffer(5, { maxByteLength: 64 }));
const inOthersRealm = (code) => runInNewContext(code, { BYTES });
class Own extends Uint8Array {}
class Long extends Uint8Array {
  get length() {
    return 4096;
  }
  get byteLength() {
    return 4096;
  }
}

for (const [name, bytes] of Object.entries({
  "a Uint8Array": Uint8Array.from(BYTES),
  "a Buffer": Buffer.from(BYTES),
  "a Uint8ClampedArray": Uint8ClampedArray.from(BYTES),
  "an ArrayBuffer": filled(new ArrayBuffer(5)),
  "a SharedArrayBuffer": filled(new SharedArrayBuffer(5)),
  "a DataView": new DataView(filled(new ArrayBuffer(8), 3), 3),
  "a part of a buffer": new Uint8Array(filled(new ArrayBuffer(8), 2), 2, 5),
  "a view on shared memory": new Uint8Array(filled(new SharedArrayBuffer(5))),
  "a resizable buffer": resizable,
  "a view that follows a resizable buffer": new Uint8Array(resizable),
  "another realm's Uint8Array": inOthersRealm("Uint8Array.from(BYTES)"),
  "another realm's ArrayBuffer": inOthersRealm("Uint8Array.from(BYTES).buffer"),
  "another realm's DataView": inOthersRealm("new DataView(Uint8Array.from(BYTES).buffer)"),
  "a subclass": Own.from(BYTES),
  "a subclass that lies about its length": new Long(filled(new ArrayBuffer(5))),
  "an array with a name of its own": Object.defineProperty(Uint8Array.from(BYTES), Symbol.toStringTag, {
    value: "Map",
  }),
})) {
  test(name, async () => {
    await runtime.commitSession(bytes);
    assert.deepEqual([...(await runtime.session())], BYTES);
    await store.updateOauthFlows(() => bytes);
    assert.deepEqual([...(await store.oauthFlows())], BYTES);
  });
}

test("elements of more than a byte are the bytes that they are made of", async () => {
  const numbers = Uint16Array.of(1, 0x0203);
  await runtime.commitSession(numbers);
  assert.deepEqual([...(await runtime.session())], [...new Uint8Array(numbers.buffer)]);
});

test("what is no bytes, or none any more, is refused, and nothing is changed", async () => {
  await runtime.commitSession(Uint8Array.from(BYTES));
  const detached = new Uint8Array(5);
  structuredClone(detached, { transfer: [detached.buffer] });
  const shrunken = new ArrayBuffer(8, { maxByteLength: 8 });
  const outOfBounds = new Uint8Array(shrunken, 4, 4);
  const outOfBoundsView = new DataView(shrunken, 4, 4);
  shrunken.resize(2);
  const proxy = new Proxy(Uint8Array.from(BYTES), {});
  const pretended = Object.create(Uint8Array.prototype, { length: { value: 4 } });
  const named = { byteLength: 4, [Symbol.toStringTag]: "Uint8Array" };
  const nothing = [detached, detached.buffer, outOfBounds, outOfBoundsView, proxy, pretended, named];
  for (const value of [...nothing, BYTES, "bytes", 5, null, {}, new Map(), () => {}]) {
    await fails(runtime.commitSession(value), { code: "InvalidInput", argument: "session" });
  }
  assert.deepEqual([...(await runtime.session())], BYTES);
});
