// A program for Node 24 on an SQLite file: `fill FILE` fills it under the former key, `write FILE` writes to it under the former key until it
// is ended, `reseal FILE` seals it under the current key, `check FILE` says what is there for who has the current key alone.

import { newId, openStore } from "../../pkg/dist/node.js";
import { bytes, input, receipt } from "../in-page/makers.mjs";

const [task, path] = process.argv.slice(2);
const RUNTIMES = 40;
const ids = Array.from({ length: RUNTIMES }, (_, i) => `agent-${i}`);

/** The same keys in each process. */
const keyOf = (byte) =>
  crypto.subtle.importKey("raw", new Uint8Array(32).fill(byte), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
const [former, current] = await Promise.all([keyOf(1), keyOf(2)]);
const digits = (_, value) => (typeof value === "bigint" ? `${value}` : value);
const tell = (value) => process.stdout.write(`${JSON.stringify(value, digits)}\n`);

const tasks = {
  async fill() {
    const store = await openStore({ path, seal: former });
    for (const id of ids) {
      const inputs = [];
      for (let i = 0; i < 5; i++) inputs.push(await input({ newId }, { persisted_input: { of: id } }));
      const session = bytes(id.repeat(10_000));
      await store.runtime(id).commitBoundary({ receipt: await receipt({ newId }), session, inputs });
    }
    await store.persistOauthFlows(bytes("flows"));
    await store.close();
  },

  async write() {
    const store = await openStore({ path, seal: former });
    for (let n = 0; ; n++) {
      const id = ids[n % 3];
      await store.runtime(id).commitSession(bytes(`${id} at ${n}`));
      // Told before the next one begins: the last of each that was told, or one after it, is what there must be.
      tell([id, n]);
    }
  },

  async reseal() {
    const store = await openStore({ path, seal: { current, former: [former] } });
    tell("begun");
    tell(await store.reseal());
    await store.close();
  },

  async check() {
    const store = await openStore({ path, seal: current });
    const { findings } = await store.verify();
    const sessions = {};
    const inputs = [];
    for (const id of await store.runtimes()) {
      const session = new TextDecoder().decode(await store.runtime(id).session());
      sessions[id] = session === id.repeat(10_000) ? "as filled" : session.slice(0, 100);
      inputs.push(
        ...(await store.runtime(id).inputs()).map(({ persisted_input }) => persisted_input.of === id),
      );
    }
    const flows = new TextDecoder().decode(await store.oauthFlows());
    tell({ findings, sessions, inputs: inputs.filter(Boolean).length, flows, left: await store.reseal() });
    await store.close();
  },
};

await tasks[task]();
