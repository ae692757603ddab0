// A program: does everything with a store after somebody has put something on the prototypes of all objects and arrays, before the package
// is loaded or after it, and prints what was read and what lies in the storage. `node polluted.mjs none|before|after KIND`.

import { NOW } from "../in-page/makers.mjs";

const [when, kind] = process.argv.slice(2);

/** Names of options, documents, errors, and of what code reads of objects everywhere. */
const NAMES = [
  ...["name", "backend", "durability", "memoryLimit", "timeout", "path", "database", "storage", "seal"],
  ...[
    "current",
    "former",
    "unsealed",
    "mob",
    "run",
    "runtime",
    "set",
    "remove",
    "after",
    "limit",
    "order",
    "state",
    "live",
  ],
  ...[
    "receipt",
    "session",
    "inputs",
    "sessionKey",
    "from",
    "to",
    "overwrite",
    "onProgress",
    "runtimeLabel",
    "dryRun",
  ],
  ...[
    "keepReceipts",
    "keepTerminalInputs",
    "before",
    "url",
    "token",
    "code",
    "retryable",
    "argument",
    "table",
    "key",
    "cause",
  ],
  ...[
    "run_id",
    "sequence",
    "input_id",
    "persisted_input",
    "reconstruction_source",
    "history",
    "cursors",
    "burrow_seal",
    "id",
  ],
  ...[
    "closed",
    "flush",
    "tagLength",
    "hash",
    "part",
    "keys",
    "iv",
    "text",
    "bytes",
    "other",
    "stream",
    "getReader",
    "env",
    "own",
    "deep",
    "0",
    "1",
    "-1",
    "NaN",
    "undefined",
  ],
];

/** What stops Node itself: its loader, streams and ciphers, property descriptors, and arrays, whose holes an accessor fills. */
const OF_THE_PLATFORM = ["path", "set", "code", "cause", "tagLength", "0", "1", "-1"];

const leaked = new Set();
const PROTOTYPES = { object: Object.prototype, array: Array.prototype };
const KINDS = {
  /** A member that is there. */
  data: (prototype, name) => (prototype[name] = "polluted"),
  /** A member that fails whoever reads it, and keeps what is assigned. */
  accessor: (prototype, name) =>
    Object.defineProperty(prototype, name, {
      configurable: true,
      get() {
        throw new Error(`read ${name}`);
      },
      set(value) {
        leaked.add(`${name} = ${typeof value}`);
        Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true });
      },
    }),
  /** What libraries have done: JSON in a form of their own. */
  toJSON: (prototype) =>
    Object.defineProperty(prototype, "toJSON", { configurable: true, value: () => "polluted" }),
};

function pollute() {
  const [how, where] = kind.split("-");
  for (const name of NAMES) if (!OF_THE_PLATFORM.includes(name)) KINDS[how](PROTOTYPES[where], name);
}

const id = (n) => `01a20127-b8f1-725e-bae9-${String(n).padStart(12, "0")}`;
const members = JSON.parse(
  '{"__proto__":{"x":1},"constructor":{"prototype":{"y":2}},"prototype":"z","toJSON":"no function"}',
);
const own = { ...members, text: "own", env: 7, 0: [1, [2, { deep: 2n ** 60n }]] };
Object.defineProperty(own, "__proto__", { value: { x: 1 }, enumerable: true });

const receipt = (n) => ({
  run_id: id(n),
  boundary: "run_start",
  contributing_input_ids: [id(9)],
  message_count: 3n,
  sequence: BigInt(n),
  own,
});
const input = (n) => ({
  input_id: id(n),
  current_state: "queued",
  history: [{ timestamp: NOW, from: "accepted", to: "queued" }],
  persisted_input: own,
  reconstruction_source: [own, "x"],
  created_at: NOW,
  updated_at: NOW,
});
const registry = {
  epoch_id: "e",
  authority_state: own,
  operation_specs: {},
  completion_entries: [own],
  cursors: { agent_applied_cursor: 1n, runtime_observed_seq: 2n, runtime_last_injected_seq: 3n },
};
const labels = JSON.parse(
  '{"__proto__":"a","constructor":"b","prototype":"c","env":"d","0":"e","toJSON":"f"}',
);
const session = new TextEncoder().encode(`{"id":"${id(7)}","messages":["secret"]}`);

async function work({ openStore, BurrowError }, seal) {
  const store = await openStore({ backend: "memory", seal });
  const agent = store.runtime("__proto__");
  const said = [];
  const changes = [];
  const stop = store.watch({ runtime: "__proto__" }, (change) => changes.push(change.kinds));
  await store.setLabels({ mob: "m" }, labels);
  await store.setLabels({ mob: "m", run: "constructor" }, labels);
  said.push(await store.patchLabels({ mob: "m" }, { set: { more: "x" }, remove: ["env"] }));
  await store.compareAndSetLabels({ mob: "n" }, {}, { a: "b" });
  await store.setCursor("m", 7n);
  await store.compareAndSetCursor("m", 7n, 8n);
  const committed = { receipt: receipt(1), session, inputs: [input(1), input(9)], sessionKey: id(7) };
  await agent.commitBoundary(committed);
  await agent.commitBoundary(committed);
  await agent.persistInput(input(2));
  await agent.transition({ from: "initializing", to: "idle", inputs: [input(3)] });
  await agent.persistOps(registry);
  await store.runtime("r").commitSession(session);
  await store.persistOauthFlows(session);
  await store.updateOauthFlows((flows) => flows.slice(1));
  const claim = await agent.claim();
  await claim.persistInput(input(4));
  await claim.release();
  said.push(
    await store.mobs(),
    await store.runtimes({ state: "idle" }),
    await store.runtimes({ limit: 1, order: "descending" }),
  );
  said.push(await store.listLabels("m"), await store.selectLabels("env=d"), await store.getCursor("m"));
  said.push(
    await agent.inputs(),
    await agent.inputs({ live: true, limit: 1 }),
    await agent.input(id(1)),
    await agent.inputIds(),
  );
  said.push(
    await agent.receipts(),
    await agent.receipt(id(1), 1n),
    await agent.runs(),
    await agent.state(),
    await agent.ops(),
  );
  said.push(
    await agent.recover(),
    await agent.counts(),
    [...(await agent.session())],
    await store.sessionById(id(7)),
  );
  said.push(
    await store.rpc(`{"jsonrpc":"2.0","id":1,"method":"burrow/labels/list","params":{"mob_id":"m"}}`),
  );
  said.push(await agent.prune({ keepTerminalInputs: 0, dryRun: true }), changes);
  if (seal) said.push(await store.reseal());
  for (const refused of [
    () => agent.commitBoundary({}),
    () => agent.commitBoundary({ ...committed, receipt: { ...receipt(1), message_count: 4n } }),
    () => store.setLabels({}, {}),
    () => store.setLabels({ mob: "m", rnu: "r" }, {}),
    () => openStore({ backend: "nowhere" }),
    () => agent.persistInput({ ...input(1), persisted_input: NaN }),
  ]) {
    const error = await refused().catch((error) => error);
    said.push(error instanceof BurrowError ? { ...error.toJSON(), cause: undefined } : String(error?.stack));
  }
  stop();
  const exported = await new Response(store.export()).text();
  const copy = await openStore({ backend: "memory", seal });
  said.push(await copy.import(new TextEncoder().encode(exported)), await copy.verify());
  said.push((await new Response(copy.export()).text()) === exported);
  await Promise.all([store.close(), copy.close()]);
  // Salts, tokens and the sums over them are random.
  const stored = exported.replace(/burrow_payload\\":\\"2:\w+/g, "").replace(/"sum":"\w+"/g, "");
  return { said, stored: stored.split("\n").filter((line) => !line.includes("burrow_claims")) };
}

// Node loads it when it is asked for, and must not find anything on the prototypes.
await new Response("").text();
const raw = new Uint8Array(32);
const seal = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
if (when === "before") pollute();
const burrow = await import("../../pkg/dist/node.js");
if (when === "after") pollute();
const found = {};
try {
  found.plain = await work(burrow, undefined);
  found.sealed = await work(burrow, seal);
} catch (error) {
  found.failed = String(error?.stack ?? error);
} finally {
  for (const prototype of Object.values(PROTOTYPES))
    for (const name of [...NAMES, "toJSON"])
      if (!["keys", "at"].includes(name) || prototype === Object.prototype) delete prototype[name];
}
const digits = (_, value) => (typeof value === "bigint" ? `${value}n` : value);
process.stdout.write(JSON.stringify({ found, leaked: [...leaked] }, digits));
