// A program that uses most of the API. That it compiles under the strictest settings is one half of the test; that it
// runs to its end is the other. A line under `@ts-expect-error` is one that must not compile.
import { BurrowError, init, newId, openStore } from "burrow-store";
import type {
  BoundaryCommit,
  Change,
  ChangeKind,
  ClaimedRuntime,
  ErrorCode,
  Input,
  Labels,
  LabelsEntry,
  OpenOptions,
  OpsSnapshot,
  Receipt,
  Runtime,
  RuntimeState,
  Store,
} from "burrow-store";

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const NOW = "2026-11-22T02:48:30Z";

async function useStore(store: Store): Promise<void> {
  const labels: Labels = { env: "dev" };
  await store.setLabels({ mob: "mob-a" }, labels);
  await store.setLabels({ mob: "mob-a", run: "run-1" }, { env: "prod" });
  // @ts-expect-error: a label is a string.
  check((await failure(store.setLabels({ mob: "mob-a" }, { env: 1 }))).argument === 'labels["env"]', "label");
  const entries: LabelsEntry[] = await store.listLabels("mob-a");
  check(entries.map(({ run }) => run ?? "").join() === ",run-1", "listed labels");
  const selected: (string | undefined)[] = (await store.selectLabels("env=prod")).map(({ run }) => run);
  check(selected.join() === "run-1", "selected labels");
  check((await store.deleteLabels({ mob: "mob-a", run: "run-1" }))["env"] === "prod", "deleted labels");

  await store.setCursor("mob-a", 2n ** 64n - 1n);
  const cursor: bigint | undefined = await store.getCursor("mob-a");
  check(cursor === 2n ** 64n - 1n, "cursor");
  // @ts-expect-error: a cursor is a bigint.
  const error: BurrowError = await failure(store.setCursor("mob-a", 1));
  const code: ErrorCode = error.code;
  check(code === "InvalidInput" && error.argument === "cursor" && !error.retryable, "a number as a cursor");

  const answer: string | undefined = await store.rpc(
    '{"jsonrpc":"2.0","id":1,"method":"mobkit/mob_labels/get"}',
    "mob-a",
  );
  check(answer?.includes('"dev"') === true, "JSON-RPC");
  await store.updateOauthFlows((stored) => stored ?? bytes("{}"));
  const flows: Uint8Array | undefined = await store.oauthFlows();
  check(flows?.length === 2, "OAuth flows");
  const ids: string[] = [...(await store.mobs({ limit: 10 })), ...(await store.runtimes())];
  check(ids.join() === "mob-a", "listings");
  const key: string | undefined = store.authorityKey;
  check(key === undefined, "authority key");
}

async function useRuntime(runtime: Runtime): Promise<void> {
  const input: Input = {
    input_id: await newId(),
    current_state: "queued",
    attempt_count: 0,
    recovery_count: 0,
    history: [{ timestamp: NOW, from: "accepted", to: "queued" }],
    persisted_input: { text: "hello", nested: [1, null, true] },
    created_at: NOW,
    updated_at: NOW,
  };
  const receipt: Receipt = {
    run_id: await newId(),
    boundary: "run_start",
    contributing_input_ids: [input.input_id],
    message_count: 1n,
    sequence: 0n,
  };
  const sessionKey = await newId();
  const session = bytes(JSON.stringify({ id: sessionKey }));
  const commit: BoundaryCommit = { receipt, session, inputs: [input], sessionKey };
  await runtime.commitBoundary(commit);
  // @ts-expect-error: a boundary has a receipt.
  check((await failure(runtime.commitBoundary({ session }))).argument === "receipt", "no receipt");
  // @ts-expect-error: a sequence is a bigint.
  check((await failure(runtime.receipt(receipt.run_id, 0))).argument === "sequence", "sequence");
  const stored: Receipt | undefined = await runtime.receipt(receipt.run_id, 0n);
  check(stored?.contributing_input_ids[0] === input.input_id, "receipt");
  check(
    (await runtime.receipts({ after: { run_id: receipt.run_id, sequence: 0n } })).length === 0,
    "receipts",
  );
  check((await runtime.session())?.length === session.length, "session");
  check((await runtime.inputs())[0]?.history[0]?.to === "queued", "inputs");
  check((await runtime.inputIds()).length === 1 && (await runtime.runs()).length === 1, "ids");

  await runtime.transition({ from: "initializing", to: "idle" });
  // @ts-expect-error: there is no such state.
  check((await failure(runtime.transition({ from: "idle", to: "asleep" }))).argument === "to", "state");
  const state: RuntimeState | undefined = await runtime.state();
  check(state === "idle", "state");

  const ops: OpsSnapshot = {
    epoch_id: "e",
    authority_state: null,
    operation_specs: {},
    completion_entries: [],
    cursors: { agent_applied_cursor: 1n, runtime_observed_seq: 2n, runtime_last_injected_seq: 3n },
  };
  await runtime.persistOps(ops);
  check((await runtime.ops())?.cursors.runtime_observed_seq === 2n, "ops");

  const first: ClaimedRuntime = await runtime.claim();
  {
    await using second = await runtime.claim();
    check(second.epoch === first.epoch + 1n, "epoch");
    check((await failure(first.commitSession(session))).code === "Fenced", "an overtaken claim");
    await second.commitSession(session);
  }
}

async function useWatches(store: Store): Promise<void> {
  const kinds: ChangeKind[] = [];
  const unwatch: () => void = store.watch(
    { mob: "mob-b" },
    (change: Change) => void kinds.push(...change.kinds),
  );
  // @ts-expect-error: a scope is a mob or a runtime.
  const both = (): unknown => store.watch({ mob: "mob-b", runtime: "agent-1" }, () => {});
  check(thrown(both) instanceof BurrowError, "a scope that is both");
  const changes: AsyncIterableIterator<Change> = store.changes({});
  await store.setCursor("mob-b", 1n);
  for await (const { mob, kinds: written } of changes) {
    check(mob === "mob-b" && written[0] === "cursor", "change");
    break;
  }
  unwatch();
  check(kinds.join() === "cursor", "watched kinds");
}

async function failure(attempt: Promise<unknown>): Promise<BurrowError> {
  const error: unknown = await attempt.catch((caught: unknown) => caught);
  if (error instanceof BurrowError) return error;
  throw new Error(`expected a BurrowError, got ${String(error)}`);
}

function thrown(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return error;
  }
}

await init();
const options: OpenOptions = { name: "console", durability: undefined, backend: "memory" };
const file: OpenOptions = { path: "agents.sqlite", durability: "relaxed" };
const handle: OpenOptions = { database: { prepare: (sql: string) => ({ sql }) } };
// @ts-expect-error: it is no handle.
const noHandle: OpenOptions = { database: "agents.sqlite" };
check([file, handle, noHandle].length === 3, "options");
// @ts-expect-error: there is no such backend.
check((await failure(openStore({ backend: "disk" }))).argument === "options.backend", "backend");
{
  using store = await openStore(options);
  await useStore(store);
  await useRuntime(store.runtime("agent-1"));
  await useWatches(store);
  const { backend }: { backend: "indexeddb" | "memory" | "sqlite" | "durable-object" } = await store.status();
  check(backend === "memory", "status");
}
