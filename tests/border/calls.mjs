// Every call of the API, with arguments that are good. `tests/node/calls.test.mjs` fails where a method has none.

import { bytes, input, receipt } from "../in-page/makers.mjs";

const scope = { mob: "m", run: "r" };
const page = { after: "a", limit: 10, order: "descending" };
const registry = {
  epoch_id: "e",
  authority_state: {},
  operation_specs: {},
  completion_entries: [],
  cursors: { agent_applied_cursor: 1n, runtime_observed_seq: 2n, runtime_last_injected_seq: 3n },
};

const UUID = "01a20127-b8f1-725e-bae9-39a85b9ab50a";

/** What is called on a store, and on one of its runtimes: each with a function that makes its arguments. */
export function callsOf({ newId, exported }) {
  const anInput = () => input({ newId }, { last_boundary_sequence: 7n });
  const session = bytes(`{"id":"${UUID}"}`);
  return {
    store: {
      runtime: () => ["agent-2"],
      setLabels: () => [scope, { env: "dev", team: "a" }],
      getLabels: () => [scope],
      deleteLabels: () => [scope],
      patchLabels: () => [scope, { set: { a: "b" }, remove: ["env"] }],
      compareAndSetLabels: () => [scope, { env: "dev" }, { env: "prod" }],
      listLabels: () => ["m"],
      getCursor: () => ["m"],
      setCursor: () => ["m", 7n],
      advanceCursor: () => ["m", 9n],
      compareAndSetCursor: () => ["m", 7n, 8n],
      selectLabels: () => ["env=dev,team in (a,b)"],
      mobs: () => [page],
      runtimes: () => [{ ...page, state: "idle" }],
      sessionById: () => [UUID],
      deleteMob: () => ["m", { runtimeLabel: "team" }],
      claimMob: () => ["m"],
      quarantined: () => [{ after: `runtime:agent:${UUID}`, limit: 3 }],
      deleteQuarantined: () => [`runtime:agent:${UUID}`],
      status: () => [{ contents: true }],
      persist: () => [],
      flush: () => [],
      oauthFlows: () => [],
      persistOauthFlows: () => [bytes("flows")],
      updateOauthFlows: () => [() => bytes("others")],
      rpc: () => ['{"jsonrpc":"2.0","id":1,"method":"burrow/cursor/get","params":{"mob_id":"m"}}', "m"],
      watch: () => [{ runtime: "agent" }, () => {}],
      changes: () => [{ mob: "m" }],
      export: () => [],
      import: () => [[bytes(exported)], { overwrite: true, onProgress: () => {} }],
      verify: () => [{ onProgress: () => {} }],
      reseal: () => [{ onProgress: () => {} }],
    },
    runtime: {
      commitBoundary: async () => [
        { receipt: await receipt({ newId }), session: bytes("session"), inputs: [await anInput()] },
      ],
      commitSession: () => [session],
      session: () => [],
      receipt: async () => [await newId(), 0n],
      receipts: async () => [
        { after: { run_id: await newId(), sequence: 0n }, limit: 3, order: "descending" },
      ],
      lastReceipt: async () => [await newId()],
      runs: async () => [{ after: await newId(), limit: 3 }],
      persistInput: async () => [await anInput()],
      inputs: async () => [{ live: true, after: await newId(), limit: 3 }],
      inputIds: async () => [{ after: await newId(), limit: 3 }],
      input: async () => [await newId()],
      persistOps: () => [registry],
      ops: () => [],
      state: () => [],
      transition: async () => [{ from: "initializing", to: "idle", inputs: [await anInput()] }],
      recover: () => [],
      counts: () => [],
      prune: () => [{ keepReceipts: 3, keepTerminalInputs: 1, before: new Date(), dryRun: false }],
      delete: () => [],
      deleteRun: async () => [await newId()],
      claim: () => [],
    },
  };
}

/** Those that answer at once, and may throw at once. */
export const AT_ONCE = ["runtime", "watch", "changes", "export"];

/** Those that call what the caller gives them, and fail as that does. */
export const CALLING_BACK = ["updateOauthFlows", "import", "verify", "reseal"];
