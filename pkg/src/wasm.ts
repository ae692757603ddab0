// The WebAssembly module: loaded once, on first use; a load that fails can be tried again.

import initialise, * as exports from "../wasm/burrow.js";
import { BurrowError } from "./error.js";

type Source = () => URL | BufferSource | Promise<BufferSource>;

let source: Source | undefined;
let loading: Promise<typeof exports> | undefined;

/** Says where this environment finds the module. Nothing is loaded yet. */
export function loadWasmFrom(from: Source): void {
  source = from;
}

/** The module's exports, once it is ready. */
export function wasm(): Promise<typeof exports> {
  loading ??= load().catch((cause: unknown) => {
    loading = undefined;
    throw new BurrowError(
      "LoadFailed",
      `the WebAssembly module did not load: ${String(cause)}; check that burrow_bg.wasm is served, then try again`,
      { cause, retryable: true },
    );
  });
  return loading;
}

async function load(): Promise<typeof exports> {
  if (!source) throw new Error("no entry of the package was imported");
  await initialise({ module_or_path: await source() });
  return exports;
}
