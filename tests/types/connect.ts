// What the types promise of a store at an edge service, and of what serves it. It is compiled, never run.

import { expectTypeOf } from "expect-type";
import * as burrow from "burrow-store";
import { BurrowError, connect, type ConnectOptions, type Labels, type Store } from "burrow-store/connect";
import { LONGEST_MESSAGE, type Once, type Position, serve } from "burrow-store/serve";

const url = "https://edge.example/mobs/mob-a";

// It is the same kind of store.
expectTypeOf(connect).returns.resolves.toEqualTypeOf<burrow.Store>();
expectTypeOf<Store>().toEqualTypeOf<burrow.Store>();
expectTypeOf<Labels>().toEqualTypeOf<burrow.Labels>();
expectTypeOf(BurrowError).toEqualTypeOf<typeof burrow.BurrowError>();
expectTypeOf<"Unauthorized">().toExtend<burrow.ErrorCode>();

expectTypeOf(connect).toBeCallableWith({ url, token: "t" });
expectTypeOf(connect).toBeCallableWith({
  url: new URL(url),
  token: "t",
  timeout: 5000,
  onWatching: undefined,
});
expectTypeOf<NonNullable<ConnectOptions["onWatching"]>>().parameters.toEqualTypeOf<
  [lost?: burrow.BurrowError | undefined]
>();
// @ts-expect-error Nobody gets in without a token.
void connect({ url });
// @ts-expect-error There is no such option.
void connect({ url, token: "t", mob: "mob-a" });
// @ts-expect-error There is nothing to open.
void connect();

declare const store: burrow.Store;
expectTypeOf(serve).returns.resolves.toEqualTypeOf<Uint8Array>();
expectTypeOf(serve).toBeCallableWith(store, new Uint8Array());
expectTypeOf<Once>().parameters.toEqualTypeOf<[Position, () => Promise<string>]>();
expectTypeOf(LONGEST_MESSAGE).toBeNumber();
// @ts-expect-error A message is bytes.
void serve(store, "{}");
