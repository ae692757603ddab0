// A store with something to move: some hundred records of every kind, and snapshots of several pieces.

const when = "2026-11-27T00:00:00Z";

/** Fills a store, and gives it back; in a browser too, so it is given what makes ids. */
export async function filled(store, newId) {
  const calls = [];
  for (let n = 0; n < 60; n++) {
    const agent = store.runtime(`agent ${n} ポチ`);
    const [run_id, input_id] = [await newId(), await newId()];
    const receipt = {
      run_id,
      boundary: "run_start",
      contributing_input_ids: [input_id],
      message_count: 1n,
      sequence: 2n ** 64n - 1n,
    };
    const input = {
      input_id,
      current_state: "queued",
      created_at: when,
      updated_at: when,
      note: "x".repeat(n),
    };
    const session = new Uint8Array(n % 20 === 0 ? 2_100_000 : n * 7).map((_, i) => i % 251);
    calls.push(agent.commitBoundary({ receipt, session, inputs: [input] }));
    calls.push(agent.transition({ from: "initializing", to: "idle" }));
    calls.push(store.setCursor(`mob-${n}`, 2n ** 64n - 1n - BigInt(n)));
    calls.push(store.setLabels({ mob: `mob-${n}`, run: "r" }, { env: '"dev"\n' }));
  }
  await Promise.all(calls);
  await store.runtime("agent 0 ポチ").claim();
  await store.persistOauthFlows(new Uint8Array(10));
  return store;
}
