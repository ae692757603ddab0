// What the types promise of what a runtime commits and reads back.

import { expectTypeOf } from "expect-type";
import type {
  BoundaryCommit,
  Input,
  InputStateChange,
  Json,
  OpsSnapshot,
  Receipt,
  Runtime,
  RuntimeState,
  TerminalOutcome,
} from "burrow-store";

declare const runtime: Runtime;
declare const receipt: Receipt;
declare const input: Input;

// Committing.
expectTypeOf(runtime.commitBoundary).toBeCallableWith({ receipt });
expectTypeOf(runtime.commitBoundary).toBeCallableWith({
  receipt,
  session: new Uint8Array(),
  inputs: [input],
});
expectTypeOf(runtime.commitBoundary).parameter(0).toEqualTypeOf<BoundaryCommit>();
// @ts-expect-error A snapshot is bytes.
void runtime.commitBoundary({ receipt, session: "{}" });
// @ts-expect-error Every boundary has its receipt.
void runtime.commitBoundary({});
// @ts-expect-error There is no such member.
void runtime.commitBoundary({ receipt, input });

// Reading.
expectTypeOf(runtime.receipt).returns.resolves.toEqualTypeOf<Receipt | undefined>();
expectTypeOf(runtime.receipts).returns.resolves.toEqualTypeOf<Receipt[]>();
expectTypeOf(runtime.receipts).toBeCallableWith({ after: receipt, limit: 10 });
expectTypeOf(runtime.inputs).returns.resolves.toEqualTypeOf<Input[]>();
expectTypeOf(runtime.ops).returns.resolves.toEqualTypeOf<OpsSnapshot | undefined>();
expectTypeOf(runtime.state).returns.resolves.toEqualTypeOf<RuntimeState | undefined>();
expectTypeOf(runtime.session).returns.resolves.toEqualTypeOf<Uint8Array | undefined>();

// u64 is bigint.
expectTypeOf<Receipt["sequence"] | Receipt["message_count"]>().toBeBigInt();
expectTypeOf<Input["last_boundary_sequence"]>().toEqualTypeOf<bigint | undefined>();
expectTypeOf<OpsSnapshot["cursors"]["runtime_observed_seq"]>().toBeBigInt();
// @ts-expect-error A number would lose digits.
void runtime.receipt("run", 0);

// Lifecycle.
expectTypeOf(runtime.transition).toBeCallableWith({ from: "idle", to: "running" });
// @ts-expect-error There is no such state.
void runtime.transition({ from: "idle", to: "asleep" });

// How an input ended.
declare const outcome: TerminalOutcome;
if (outcome.outcome_type === "superseded") expectTypeOf(outcome.superseded_by).toBeString();
// @ts-expect-error Only one that was superseded was so by another.
void outcome.superseded_by;

// What is 0 or empty may be left out where it is written, and is there where it is read.
const { attempt_count: _, recovery_count: __, history: ___, ...fresh } = input;
expectTypeOf(runtime.persistInput).toBeCallableWith(fresh);
expectTypeOf<Input["history"]>().toEqualTypeOf<InputStateChange[]>();

// What belongs to the runtime is JSON.
expectTypeOf<Input["persisted_input"]>().toEqualTypeOf<Json | undefined>();
const nested: Json = { text: "ポチ", list: [1, null, { deep: true }] };
// @ts-expect-error A Map is no JSON.
const map: Json = new Map();
void [nested, map];

// Members that burrow does not know: named in a type of the runtime's own, they go in everywhere, at every depth.
interface Traced {
  trace: string;
}
declare const traced: Receipt & Traced;
declare const acted: Input & { history: (InputStateChange & { actor: string })[] };
expectTypeOf(runtime.commitBoundary).toBeCallableWith({ receipt: traced, inputs: [acted] });
expectTypeOf(runtime.persistInput).toBeCallableWith(acted);
const written: Receipt & Traced = {
  run_id: "01a20127-b8f1-725e-bae9-39a85b9ab50a",
  boundary: "run_start",
  contributing_input_ids: [],
  message_count: 1n,
  sequence: 0n,
  trace: "b8f1",
};
void runtime.commitBoundary({ receipt: written });
// Read back, they are there under that type.
async function readBack(): Promise<string | undefined> {
  const stored = (await runtime.receipt("run", 0n)) as (Receipt & Traced) | undefined;
  return stored?.trace;
}
void readBack;

// While a typing error in a literal is told, also in what is optional.
// @ts-expect-error It is `conversation_digest`.
const mistyped: Receipt = { ...receipt, conversation_digst: "07" };
// @ts-expect-error And it is `persisted_input`.
void runtime.persistInput({ ...input, persistd_input: null });
void mistyped;
