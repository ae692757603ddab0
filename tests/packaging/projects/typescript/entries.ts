// The other entries: `./inline` has what the main one has, and `init` takes what `./wasm` is. Only compiled, never run:
// Node cannot import wasm.
import * as main from "burrow-store";
import * as inline from "burrow-store/inline";
import wasm from "burrow-store/wasm";

export const same: typeof main = inline;
export const ready: Promise<void> = main.init(wasm);
