// The other entries: `./inline` has what the main one has, and `init` takes what `./wasm` is. Only compiled, never run:
// Node cannot import wasm.
import * as main from "burrow-store";
import { connect } from "burrow-store/connect";
import * as inline from "burrow-store/inline";
import { serve } from "burrow-store/serve";
import wasm from "burrow-store/wasm";

export const same: typeof main = inline;
export const ready: Promise<void> = main.init(wasm);
export const far: Promise<main.Store> = connect({ url: "https://edge.example/mobs/a", token: "t" });
export const answer: Promise<Uint8Array> = far.then((store) => serve(store, new Uint8Array()));
