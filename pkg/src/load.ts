// Loading the WebAssembly module: once, on first use or when asked to; a load that fails can be tried again.

import { BurrowError, invalid } from "./error.js";
import { Instance } from "./instance.js";
import type { WasmSource } from "./types.js";

/** How an environment gets at an address. */
export type Fetch = (address: URL | string) => Promise<Response | ArrayBufferView>;

/** The module of one entry, and the instance in use. */
export class Loader {
  readonly #source: () => WasmSource;
  readonly #fetch: Fetch;
  #module: Promise<WebAssembly.Module> | undefined;
  #instance: Promise<Instance> | undefined;

  constructor(source: () => WasmSource, fetch: Fetch) {
    this.#source = source;
    this.#fetch = fetch;
  }

  /** Loads the module from `source` where it is not loaded, or being loaded, already. */
  async init(source: WasmSource | undefined): Promise<void> {
    if (source !== undefined && !isPromise(source) && !isAddress(source) && !isWasm(source)) throw notWasm();
    const loaded = this.instance(source);
    // A download that is not needed may fail as it likes.
    if (isPromise(source)) source.catch(() => {});
    await loaded;
  }

  /** The instance in use: a new one where there is none yet, or the last one came to a bad end. */
  instance(source?: WasmSource): Promise<Instance> {
    this.#instance ??= this.#load(source).catch((cause: unknown) => {
      this.#module = undefined;
      this.#instance = undefined;
      throw cause instanceof BurrowError ? cause : loadFailed(cause);
    });
    return this.#instance;
  }

  async #load(source: WasmSource | undefined): Promise<Instance> {
    this.#module ??= this.#compile(source ?? this.#source());
    return Instance.of(await this.#module, () => (this.#instance = undefined));
  }

  async #compile(source: WasmSource): Promise<WebAssembly.Module> {
    const given: unknown = await source;
    const wasm = isAddress(given) ? await this.#fetch(given) : given;
    if (is<WebAssembly.Module>(wasm, "WebAssembly.Module")) return wasm;
    if (is<Response>(wasm, "Response")) return compileResponse(wasm);
    if (isBytes(wasm)) return WebAssembly.compile(wasm);
    throw notWasm();
  }
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) {
    throw new Error(`${response.url || "the response"} answered ${response.status} ${response.statusText}`);
  }
  // Compiling while it arrives wants this very type, which not every server gives.
  const type = response.headers.get("content-type");
  return type === "application/wasm" && typeof WebAssembly.compileStreaming === "function"
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

function loadFailed(cause: unknown): BurrowError {
  return new BurrowError(
    "LoadFailed",
    `the WebAssembly module did not load: ${String(cause)}; check that burrow_bg.wasm is served, then try again`,
    { cause, retryable: true },
  );
}

function notWasm(): BurrowError {
  return invalid(
    "source",
    "expected bytes, a URL, a Response (or the promise of one), or a WebAssembly.Module",
  );
}

function isWasm(value: unknown): boolean {
  return isBytes(value) || is(value, "Response") || is(value, "WebAssembly.Module");
}

function isBytes(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || is(value, "ArrayBuffer");
}

function isAddress(value: unknown): value is URL | string {
  return typeof value === "string" || is(value, "URL");
}

function isPromise(value: unknown): value is Promise<unknown> {
  return is(value, "Promise");
}

/** Whether it is one of a kind that the platform makes, whichever realm it comes from. */
function is<T>(value: unknown, tag: string): value is T {
  return typeof value === "object" && Object.prototype.toString.call(value) === `[object ${tag}]`;
}
