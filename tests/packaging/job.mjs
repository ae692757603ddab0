// What every consumer does with the package it has installed: it sets a label, a cursor and a run boundary, and reads
// all back. It is the consumer's own code, so it is copied into its project.

const text = (bytes) => new TextDecoder().decode(bytes);

/** Does it with the package's exports; gives what was read, in a form that JSON can carry. */
export async function job({ newId, openStore }) {
  const store = await openStore({ name: "consumer" });
  await store.setLabels({ mob: "mob-a" }, { env: "dev" });
  await store.setCursor("mob-a", 2n ** 64n - 1n);
  const agent = store.runtime("agent-1");
  const receipt = {
    run_id: await newId(),
    boundary: "run_start",
    contributing_input_ids: [],
    message_count: 1n,
    sequence: 0n,
  };
  await agent.commitBoundary({ receipt, session: new TextEncoder().encode("hello") });

  const stored = await agent.receipt(receipt.run_id, 0n);
  const read = {
    labels: await store.getLabels({ mob: "mob-a" }),
    cursor: String(await store.getCursor("mob-a")),
    session: text(await agent.session()),
    receipt: stored.run_id === receipt.run_id && stored.message_count === 1n,
    backend: (await store.status()).backend,
  };
  store.close();
  return read;
}

/** What the job reads where the store is kept in this backend. */
export const done = (backend) => ({
  labels: { env: "dev" },
  cursor: "18446744073709551615",
  session: "hello",
  receipt: true,
  backend,
});
