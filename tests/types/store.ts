// What the types promise of the functions, a store and its errors. It is compiled, never run: `@ts-expect-error` fails
// where there is no error.

import { expectTypeOf } from "expect-type";
import {
  BurrowError,
  type Change,
  type ClaimedRuntime,
  type Durability,
  type ErrorCode,
  type FoundSession,
  type Imported,
  init,
  type Labels,
  newId,
  openStore,
  type Runtime,
  type Seal,
  type SealKey,
  type Status,
  type Store,
  type Resealed,
  type Verified,
  type WasmSource,
} from "burrow-store";
import wasm from "burrow-store/wasm";

// Opening.
expectTypeOf(openStore).returns.resolves.toEqualTypeOf<Store>();
expectTypeOf(openStore).toBeCallableWith();
expectTypeOf(openStore).toBeCallableWith({ name: undefined, durability: "relaxed", backend: "memory" });
// @ts-expect-error There is no such durability.
void openStore({ durability: "none" });
// @ts-expect-error There is no such option.
void openStore({ nme: "console" });

// Sealing.
declare const key: CryptoKey;
expectTypeOf(openStore).toBeCallableWith({ seal: key });
expectTypeOf(openStore).toBeCallableWith({ seal: undefined });
expectTypeOf(openStore).toBeCallableWith({ seal: { current: key, former: [key], unsealed: "read" } });
expectTypeOf<CryptoKey>().toExtend<SealKey>();
expectTypeOf<SealKey>().toExtend<Seal>();
// @ts-expect-error A pair of keys is no key.
void openStore({ seal: {} as CryptoKeyPair });
// @ts-expect-error Bytes are no key: import them.
void openStore({ seal: new Uint8Array(32) });
// @ts-expect-error One key is the current one.
void openStore({ seal: { former: [key] } });
// @ts-expect-error What was never sealed is read or refused.
void openStore({ seal: { current: key, unsealed: true } });
expectTypeOf<"WrongKey">().toExtend<ErrorCode>();

expectTypeOf(newId).returns.resolves.toBeString();

// Where the module comes from.
expectTypeOf(init).returns.resolves.toBeVoid();
expectTypeOf(init).toBeCallableWith();
expectTypeOf(init).toBeCallableWith(wasm);
expectTypeOf<
  ArrayBuffer | Uint8Array | DataView | URL | string | Response | Promise<Response> | WebAssembly.Module
>().toExtend<WasmSource | WebAssembly.Module>();
// @ts-expect-error A number is no module.
void init(7);

// A store comes from `openStore` only.
declare const store: Store;
// @ts-expect-error It is a type, not a class to call.
void new Store();

// Labels and cursors.
expectTypeOf(store.getLabels).returns.resolves.toEqualTypeOf<Labels>();
expectTypeOf(store.getCursor).returns.resolves.toEqualTypeOf<bigint | undefined>();
expectTypeOf(store.listLabels).returns.resolves.items.toEqualTypeOf<{ run?: string; labels: Labels }>();
expectTypeOf(store.sessionById).returns.resolves.toEqualTypeOf<FoundSession | undefined>();
// @ts-expect-error A cursor is a bigint: a number would lose digits.
void store.setCursor("mob", 1);
// @ts-expect-error A label is a string.
void store.setLabels({ mob: "mob" }, { env: 1 });
// @ts-expect-error A scope has a mob.
void store.getLabels({ run: "run" });
// @ts-expect-error There is no such member of a scope.
void store.getLabels({ mob: "mob", rum: "run" });

// Status.
expectTypeOf(store.status).returns.resolves.toEqualTypeOf<Status>();
expectTypeOf<Status["durability"]>().toEqualTypeOf<Durability | "none">();
expectTypeOf<Status["persisted"]>().toEqualTypeOf<boolean | undefined>();

// Watching.
store.watch({ mob: "mob" }, (change) => {
  expectTypeOf(change).toEqualTypeOf<Change>();
  if (change.runtime === undefined) expectTypeOf(change.mob).toBeString();
  else expectTypeOf(change.runtime).toBeString();
});
// @ts-expect-error It is one or the other.
store.watch({ mob: "mob", runtime: "runtime" }, () => {});
// @ts-expect-error There is no such scope.
store.watch({ runtme: "runtime" }, () => {});

// Moving.
expectTypeOf(store.export).returns.toExtend<ReadableStream<Uint8Array>>();
void new Response(store.export());
void store.export().pipeThrough(new CompressionStream("gzip"));
expectTypeOf(store.import).returns.resolves.toEqualTypeOf<Imported>();
declare const sent: Response;
declare const picked: File;
if (sent.body) void store.import(sent.body, { overwrite: true });
void store.import(picked, { onProgress: ({ bytes }) => expectTypeOf(bytes).toBeNumber() });
void store.import([new Uint8Array(1)]);
// @ts-expect-error Text is no bytes.
void store.import("text");
// @ts-expect-error There is no such option.
void store.import(picked, { overwrit: true });
expectTypeOf(store.verify).returns.resolves.toEqualTypeOf<Verified>();
expectTypeOf(store.reseal).returns.resolves.toEqualTypeOf<Resealed>();

// The end of a block closes a store and gives a claim up.
async function blocks(): Promise<void> {
  using opened = await openStore();
  await using closed = await openStore();
  await using claimed = await closed.runtime("agent").claim();
  expectTypeOf(opened).toExtend<Disposable>();
  expectTypeOf(claimed).toEqualTypeOf<ClaimedRuntime>();
  expectTypeOf(claimed).toExtend<Runtime>();
  expectTypeOf(claimed.epoch).toBeBigInt();
}
void blocks;

// Errors.
async function caught(error: unknown): Promise<void> {
  if (!(error instanceof BurrowError)) return;
  expectTypeOf(error).toEqualTypeOf<BurrowError>();
  expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
  expectTypeOf(error.retryable).toBeBoolean();
  expectTypeOf(error.argument).toEqualTypeOf<string | undefined>();
  expectTypeOf(error.usage).toEqualTypeOf<number | undefined>();
  expectTypeOf(error.cause).toBeUnknown();
  expectTypeOf<"Poisoned">().toExtend<ErrorCode>();
  // @ts-expect-error There is no such code.
  if (error.code === "Poison") return;
  // @ts-expect-error It is not for the program to change.
  error.code = "Conflict";
}
void caught;
expectTypeOf<(typeof BurrowError)["prototype"]>().toExtend<Error>();

// Errors that were sent.
expectTypeOf(BurrowError.from).returns.toEqualTypeOf<BurrowError | undefined>();
expectTypeOf<BurrowError["toJSON"]>().returns.toHaveProperty("code").toEqualTypeOf<ErrorCode>();
