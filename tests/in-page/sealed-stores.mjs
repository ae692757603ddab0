// Keys, and sealed stores with something in them.

import { bytes, input, receipt } from "./makers.mjs";

/** A key such as a page makes, which no script can read. */
export const newKey = () => crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);

export const SECRET = "the eagle lands at noon";
export const digits = (_, value) => (typeof value === "bigint" ? String(value) : value);
/** All that a store holds, as it is stored. */
export const text = async (store) => new Response(await store.export()).text();

/** A store in memory with what was exported from another. */
export async function copy({ openStore, seal, exported }) {
  const store = await openStore({ backend: "memory", seal });
  await store.import([bytes(exported)]);
  return store;
}

/** A sealed store, and what was put into it. */
export async function filled({ openStore, newId, seal }) {
  const store = await openStore({ backend: "memory", seal });
  const agent = store.runtime("agent-1");
  const sessionKey = await newId();
  const put = {
    receipt: await receipt({ newId }),
    session: bytes(JSON.stringify({ id: sessionKey, messages: [SECRET] })),
    inputs: [
      await input({ newId }, { persisted_input: { SECRET }, reconstruction_source: SECRET, n: 2n ** 60n }),
    ],
    sessionKey,
  };
  await agent.commitBoundary(put);
  await store.runtime("agent-2").commitSession(bytes(SECRET));
  await store.persistOauthFlows(bytes(SECRET));
  return { store, agent, put };
}
