// The page's side of the demo: a small agent runtime that keeps itself in burrow. `run.mjs` drives it.

import { newId, openStore } from "../pkg/dist/browser.js";

const MOB = "demo-mob";
const SNAPSHOT_BYTES = 32 * 1024;
const INPUTS_PER_BOUNDARY = 4;
const AT_ONCE = 8;

const store = await openStore({ name: "demo" });
const runtime = store.runtime("demo-agent");

/** One boundary: a snapshot, a receipt and four inputs, each of which says which boundary it belongs to. */
async function boundary(runId, sequence) {
  const created_at = new Date().toISOString();
  const inputs = [];
  for (let i = 0; i < INPUTS_PER_BOUNDARY; i++) {
    inputs.push({
      input_id: await newId(),
      current_state: "applied",
      attempt_count: 1,
      recovery_count: 0,
      history: [],
      persisted_input: { input_type: "prompt", text: "p".repeat(200) },
      last_run_id: runId,
      last_boundary_sequence: sequence,
      created_at,
      updated_at: created_at,
    });
  }
  const receipt = {
    run_id: runId,
    boundary: "run_checkpoint",
    contributing_input_ids: inputs.map((input) => input.input_id),
    message_count: sequence + 1n,
    sequence,
  };
  const session = JSON.stringify({
    run_id: runId,
    sequence: String(sequence),
    messages: "m".repeat(SNAPSHOT_BYTES),
  });
  return { receipt, session: new TextEncoder().encode(session), inputs };
}

/** The main job, once through. */
async function setUp() {
  await store.setLabels({ mob: MOB }, { env: "demo", owner: "you" });
  await store.setLabels({ mob: MOB, run: "run-1" }, { phase: "first" });
  await store.setCursor(MOB, 2n ** 53n + 1n);
  const runId = await newId();
  await runtime.transition({ from: "initializing", to: "idle" });
  await runtime.transition({ from: "idle", to: "running" });
  await runtime.commitBoundary(await boundary(runId, 0n));
  return describe();
}

/**
 * Commits boundary after boundary of a new run, one alone and then several at once, until the browser ends; tells of
 * each one that is acknowledged.
 */
async function stream(acknowledge) {
  const runId = await newId();
  for (let next = 0; ;) {
    const boundaries = [];
    for (const end = next + 1 + (next % AT_ONCE); next < end; next++) {
      boundaries.push(await boundary(runId, BigInt(next)));
    }
    const commit = async (boundary) => {
      await runtime.commitBoundary(boundary);
      acknowledge(runId, Number(boundary.receipt.sequence));
    };
    await Promise.all(boundaries.map(commit));
  }
}

/** Looks for what was acknowledged, and for anything that is half there. */
async function verify(runId, acknowledged) {
  let receipts = 0;
  const halves = [];
  const inputs = await runtime.inputs();
  const ofRun = inputs.filter((input) => input.last_run_id === runId);
  for (let receipt; (receipt = await runtime.receipt(runId, BigInt(receipts))); receipts++) {
    const own = ofRun.filter((input) => input.last_boundary_sequence === receipt.sequence);
    if (own.length !== receipt.contributing_input_ids.length)
      halves.push(`boundary ${receipts} lacks inputs`);
  }
  const beyond = ofRun.filter((input) => input.last_boundary_sequence >= BigInt(receipts));
  if (beyond.length > 0) halves.push(`${beyond.length} inputs without their receipt`);
  const session = JSON.parse(new TextDecoder().decode(await runtime.session()));
  if (session.run_id === runId && session.sequence !== String(receipts - 1)) {
    halves.push(`the snapshot is of boundary ${session.sequence}, the last receipt of ${receipts - 1}`);
  }
  if (receipts > 0 && session.run_id !== runId) halves.push("the snapshot is of another run");
  return { receipts, missing: Math.max(0, acknowledged - receipts), halves };
}

/** What is kept, in words. */
async function describe() {
  return {
    labels: await store.listLabels(MOB),
    cursor: String(await store.getCursor(MOB)),
    state: await runtime.state(),
    inputs: (await runtime.inputs()).length,
    snapshot: (await runtime.session())?.length,
  };
}

globalThis.demo = { setUp, stream, verify, describe };
