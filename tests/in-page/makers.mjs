// Documents for the rules, which run in Node, in pages and in workers.

export const U64_MAX = 2n ** 64n - 1n;
export const NOW = "2026-11-22T02:48:30.193749452Z";

/** An input, with a new id; `members` are put over it. */
export async function input({ newId }, members = {}) {
  return {
    input_id: await newId(),
    current_state: "queued",
    attempt_count: 0,
    recovery_count: 0,
    history: [{ timestamp: NOW, from: "accepted", to: "queued", reason: "because — of “it”" }],
    persisted_input: { text: "ポチ", nested: [1.5, null, { deep: true }] },
    created_at: NOW,
    updated_at: NOW,
    ...members,
  };
}

/** A receipt of a new run; `members` are put over it. */
export async function receipt({ newId }, members = {}) {
  return {
    run_id: await newId(),
    boundary: "run_checkpoint",
    contributing_input_ids: [],
    conversation_digest: "07".repeat(32),
    message_count: 3n,
    sequence: 0n,
    ...members,
  };
}

export const bytes = (text) => new TextEncoder().encode(text);
