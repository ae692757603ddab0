// Every export of the module refuses every wrong value in every position, by the argument's name, and the store is as it
// was. The exports are found on the classes' prototypes, so that one that is missing in the table fails the test.

import { equal } from "../support/expect.mjs";

const lone = "\ud800";
const id = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
const now = "2026-11-22T02:48:30Z";

const receipt = JSON.stringify({
  run_id: id,
  boundary: "run_start",
  contributing_input_ids: [],
  message_count: 1,
  sequence: 0,
});
const input = JSON.stringify({
  input_id: id,
  current_state: "queued",
  attempt_count: 0,
  recovery_count: 0,
  history: [],
  created_at: now,
  updated_at: now,
});
const registry = JSON.stringify({
  epoch_id: "e",
  authority_state: {},
  operation_specs: {},
  completion_entries: [],
  cursors: { agent_applied_cursor: 1, runtime_observed_seq: 2, runtime_last_injected_seq: 3 },
});

class Scope {
  mob = "m";
  run = "r";
}

/** Values that are wrong wherever something is expected. */
const NEVER = [
  null,
  true,
  NaN,
  -1,
  1.5,
  2 ** 32,
  -1n,
  2n ** 64n,
  10n ** 1000n,
  Symbol("s"),
  [],
  ["a"],
  new Map([["mob", "m"]]),
  new Set(),
  new Date(0),
  new String("boxed"),
  new Proxy({}, { ownKeys: () => [1] }),
  {
    get mob() {
      throw new Error("a getter of the caller's");
    },
  },
];
const OBJECTS = [{ mobb: "m" }, new Scope(), Object.create({ mob: "m" })];
const STRINGS = ["", "text", lone, `a${lone}`, "x".repeat(100_000)];

const notText = [undefined, ...NEVER, 0, 7, 7n, () => "m", {}, ...OBJECTS, new Uint8Array(2)];
const notId = [...notText, "", lone, `a${lone}b`, "\udc00"];
const notUuid = [...notId, "text", "x".repeat(100_000), id.slice(1)];
const notU64 = [undefined, ...NEVER, ...STRINGS, 0, 7, "7", () => 7n, {}, ...OBJECTS, new Uint8Array(2)];
const notLimit = [...NEVER, ...STRINGS, 0, 7n, -0, Infinity, "7", () => 7, {}, ...OBJECTS, 2 ** 53];
const notWhole = [
  ...NEVER.filter((value) => value !== 2 ** 32),
  ...STRINGS,
  7n,
  Infinity,
  "7",
  () => 7,
  {},
  ...OBJECTS,
  2 ** 53,
];
const notRoom = [...notLimit, 2 ** 31 + 1];
const detached = new Uint8Array(4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const notBytes = [
  undefined,
  ...NEVER,
  ...STRINGS,
  0,
  7n,
  () => new Uint8Array(),
  {},
  ...OBJECTS,
  Object.create(Uint8Array.prototype),
  detached,
];
const notFlag = [undefined, ...NEVER, ...STRINGS, 0, 1, "true", {}].filter((value) => value !== true);
const notFunction = [undefined, ...NEVER, ...STRINGS, 0, 7n, {}, ...OBJECTS, new Uint8Array(2)];
const notDocument = [...notText, ...STRINGS, "null", "7", "[7]", '"text"', '{"a":1', '{"a":{}}'];
const notDocuments = [...notText, ...STRINGS, "null", "7", "{}", "[7]", "[{}]"];
const notTexts = [...notText, ...STRINGS, "null", "7", "{}", "[7]", "[{}]", '["a"'];
const notState = [...notText, "", "asleep", lone, "x".repeat(100_000)];
/** `undefined` is no value that is wrong where there need be none. */
const given = (values) => values.filter((value) => value !== undefined);

/** A position: a good value, what an error calls it, the values that are wrong. */
const mob = ["m", "mob", notId];
const scope = [
  ["m", "scope.mob", notId],
  ["r", "scope.run", given(notId)],
];
const limit = [10, "limit", [undefined, ...notLimit]];
const order = ["descending", "order", given(notState)];
const page = (notAfter) => [[undefined, "after", given(notAfter)], limit, order];

const STORE = {
  runtime: [["r", "id", notId]],
  setLabels: [...scope, ['{"a":"b"}', "labels", notDocument]],
  getLabels: scope,
  deleteLabels: scope,
  patchLabels: [...scope, ['{"a":"b"}', "patch.set", notDocument], ['["c"]', "patch.remove", notTexts]],
  compareAndSetLabels: [...scope, ["{}", "expected", notDocument], ['{"a":"b"}', "labels", notDocument]],
  listLabels: [mob],
  selectLabels: [["env", "selector", [...notText, "env in", lone]]],
  getCursor: [mob],
  setCursor: [mob, [7n, "cursor", notU64]],
  advanceCursor: [mob, [7n, "cursor", notU64]],
  compareAndSetCursor: [mob, [undefined, "expected", given(notU64)], [7n, "cursor", notU64]],
  mobs: page(notId),
  runtimes: page(notId),
  runtimesIn: [["idle", "state", notState], ...page(notId)],
  sessionById: [[id, "sessionId", notUuid]],
  deleteMob: [["m", "mob", notId]],
  claimMob: [mob],
  contents: [],
  quarantined: [[undefined, "after", [...given(notId), "text", `runtime:r:${id.slice(1)}`]], limit],
  deleteQuarantined: [[`runtime:r:${id}`, "id", [...notId, "text", id]]],
  oauthFlows: [],
  persistOauthFlows: [[new Uint8Array(1), "flows", notBytes]],
  updateOauthFlows: [[() => new Uint8Array(1), "update", notFunction]],
  rpc: [
    ["{}", "request", [...notText, lone]],
    ["m", "mob", given(notId)],
  ],
  watch: [
    [undefined, "scope.mob", given(notId)],
    [undefined, "scope.runtime", given(notId)],
    [() => {}, "listener", notFunction],
  ],
  export: [],
  import: [[true, "options.overwrite", given(notFlag)]],
  verify: [[false, "options.quarantine", given(notFlag)]],
  dataLost: [],
  reopens: [],
  authorityKey: [],
};

const RUNTIME = {
  commitBoundary: [
    [receipt, "receipt", notDocument],
    [new Uint8Array([9]), "session", given(notBytes)],
    [`[${input}]`, "inputs", given(notDocuments)],
    [undefined, "sessionKey", given(notUuid)],
  ],
  commitSession: [[new Uint8Array(1), "session", notBytes]],
  rewriteSession: [
    [new Uint8Array(1), "seen", notBytes],
    [new Uint8Array(1), "session", notBytes],
  ],
  rewriteInput: [
    [input, "seen", notDocument],
    [input, "input", notDocument],
  ],
  session: [],
  receipt: [
    [id, "runId", notUuid],
    [0n, "sequence", notU64],
  ],
  receipts: [[id, "after.run_id", notUuid], [0n, "after.sequence", notU64], limit, order],
  lastReceipt: [[id, "runId", given(notUuid)]],
  runs: page(notUuid),
  persistInput: [[input, "input", notDocument]],
  inputs: [
    [false, "live", given(notFlag)],
    [id, "after", given(notUuid)],
    [undefined, "limit", given(notLimit)],
    order,
  ],
  recover: [],
  counts: [],
  delete: [],
  deleteRun: [[id, "runId", notUuid]],
  prune: [
    [1, "options.keepReceipts", given(notWhole)],
    [1, "options.keepTerminalInputs", given(notWhole)],
    [1, "options.before", given(notWhole)],
    [true, "options.dryRun", given(notFlag)],
    [() => true, "goOn", given(notFunction)],
  ],
  input: [[id, "inputId", notUuid]],
  inputIds: page(notUuid),
  state: [],
  transition: [
    ["idle", "from", notState],
    ["attached", "to", notState],
    [`[${input}]`, "inputs", given(notDocuments)],
  ],
  persistOps: [[registry, "snapshot", notDocument]],
  ops: [],
  claim: [],
};

const STEPS = { next: [[undefined, "source", given(notBytes)]] };

const CLAIM = { epoch: [], runtime: [], release: [] };
const MOB_CLAIM = { epoch: [], store: [], release: [] };

const MODULE = {
  openStore: [
    ["door", "options.name", notId],
    ["strict", "options.durability", given(notState)],
    ["memory", "options.backend", notState],
    [undefined, "options.memoryLimit", given(notRoom)],
    [undefined, "options.timeout", given([...notLimit, 2 ** 31])],
  ],
  deleteStore: [["door", "name", notId]],
  newId: [],
};

/** Names that the bindings put on every class, and `close`, which ends what is tested. */
const NO_OPERATIONS = ["constructor", "free", "close", "__destroy_into_raw"];
/** Functions of the bindings that are no operations of burrow's. */
const OF_BINDINGS = /^(__wb|Raw|panic$|throw_panics$|default$)/;

const methodsOf = (object) =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => !NO_OPERATIONS.includes(name));

function shown(value) {
  const text =
    typeof value === "string" ? JSON.stringify(value) : String(Object.prototype.toString.call(value));
  return `${text.slice(0, 60)} ${typeof value === "object" ? "" : String(value).slice(0, 60)}`;
}

/** Refuses unless the call fails as `InvalidInput` with this argument; gives why it is wrong. */
async function refusal(call, argument) {
  try {
    const answer = await call();
    return `was taken, and answered ${String(answer)}`;
  } catch (error) {
    if (error?.code !== "InvalidInput")
      return `failed with ${String(error?.code ?? error)}: ${error?.message}`;
    if (error.argument !== argument) return `named ${error.argument}: ${error.message}`;
    if (error.message.length > 250) return `has a message of ${error.message.length} characters`;
    return undefined;
  }
}

/** Everything that the store holds, as text. */
async function contents(store) {
  const pages = [
    await store.mobs(undefined, 100),
    await store.runtimes(undefined, 100),
    await store.oauthFlows(),
  ];
  const labels = await Promise.all(pages[0].map((mob) => store.listLabels(mob)));
  const cursors = await Promise.all(pages[0].map((mob) => store.getCursor(mob)));
  const runtimes = pages[1].map((id) => store.runtime(id));
  const rows = runtimes.map((runtime) =>
    Promise.all([
      runtime.session(),
      runtime.receipts(undefined, undefined, 100),
      runtime.inputs(),
      runtime.state(),
      runtime.ops(),
    ]),
  );
  return JSON.stringify([pages, labels, cursors, await Promise.all(rows)], (_, value) =>
    typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? [...value] : value,
  );
}

/** Tries everything on a store of this kind, in an instance with these bindings. */
export async function testDoor(bindings, name, backend) {
  const store = await bindings.openStore(name, undefined, backend);
  const runtime = store.runtime("r");
  await store.setLabels("m", undefined, '{"env":"dev"}');
  await store.setCursor("m", 42n);
  await store.persistOauthFlows(new Uint8Array([1]));
  await runtime.commitBoundary(receipt, new Uint8Array([2]), `[${input}]`);
  await runtime.transition("initializing", "idle");
  await runtime.persistOps(registry);
  const claim = await store.runtime("claimed").claim();
  const mobClaim = await store.claimMob("claimed");

  const wrong = [];
  let tried = 0;
  const before = await contents(store);
  const unchanged = async () => ((await contents(store)) === before ? undefined : "changed the store");
  const refused = async (what, argument, value, call) => {
    // To read all of a database again for each value would take minutes.
    const reason = (await refusal(call, argument)) ?? (backend === "memory" ? await unchanged() : undefined);
    tried += 1;
    if (reason) wrong.push(`${what}(${argument} = ${shown(value)}) ${reason}`);
  };
  const functions = Object.keys(bindings).filter((name) => !OF_BINDINGS.test(name));
  equal(functions.sort(), Object.keys(MODULE).sort());
  for (const [object, table] of [
    [store, STORE],
    [runtime, RUNTIME],
    [store.import(false), STEPS],
    [claim, CLAIM],
    [mobClaim, MOB_CLAIM],
    [bindings, MODULE],
  ]) {
    if (object !== bindings) equal(methodsOf(object).sort(), Object.keys(table).sort());
    for (const [name, positions] of Object.entries(table)) {
      // A method that takes more than the table says has positions that nobody tries.
      equal([name, object[name].length], [name, positions.length]);
      const good = positions.map(([value]) => value);
      for (const [at, [, argument, values]] of positions.entries())
        for (const value of values)
          await refused(name, argument, value, async () =>
            object[name](...good.map((other, i) => (i === at ? value : other))),
          );
    }
  }
  for (const value of notBytes)
    await refused("updateOauthFlows", "what update returns", value, () =>
      store.updateOauthFlows(() => value),
    );
  equal(await unchanged(), undefined);
  store.close();
  equal(wrong.slice(0, 20), []);
  equal(tried > 1500, true);
}
