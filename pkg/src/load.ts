// Loading the WebAssembly module: once, on first use or when asked to; a load that fails can be tried again.

import type { Bindings } from "../wasm/bindings.js";
import { Instance, type MakeBindings } from "./instance.js";
import { checkSource, compile, instanceFailed, type ReadFile } from "./source.js";
import type { WasmSource } from "./types.js";

/** The module of one entry, and the instance in use. */
export class Loader<B extends Bindings = Bindings> {
  readonly #makeBindings: MakeBindings<B>;
  readonly #source: () => WasmSource;
  readonly #readFile: ReadFile | undefined;
  #loading: Attempts | undefined;
  #module: WebAssembly.Module | undefined;
  #instance: Promise<Instance<B>> | undefined;

  constructor(makeBindings: MakeBindings<B>, source: () => WasmSource, readFile?: ReadFile) {
    this.#makeBindings = makeBindings;
    this.#source = source;
    this.#readFile = readFile;
  }

  /** Loads the module, from `source` where it is not loaded already. A good source overtakes a load that hangs. */
  async init(source: WasmSource | undefined): Promise<void> {
    checkSource(source);
    if (source !== undefined) this.#loading?.add(() => source);
    const loaded = this.instance(source);
    // A download that is not needed may fail as it likes, and what it resolves with may be anything.
    Promise.resolve(source).then(
      () => {},
      () => {},
    );
    await loaded;
  }

  /** The instance in use: a new one where there is none yet, or the last one came to a bad end. */
  instance(source?: WasmSource): Promise<Instance<B>> {
    this.#instance ??= this.#load(source).catch((cause: unknown) => {
      this.#instance = undefined;
      throw cause;
    });
    return this.#instance;
  }

  async #load(source: WasmSource | undefined): Promise<Instance<B>> {
    this.#module ??= await this.#firstOf(source === undefined ? this.#source : () => source);
    try {
      return await Instance.of(this.#module, this.#makeBindings, () => (this.#instance = undefined));
    } catch (cause) {
      this.#module = undefined;
      throw instanceFailed(cause);
    }
  }

  async #firstOf(source: () => WasmSource): Promise<WebAssembly.Module> {
    this.#loading = new Attempts(this.#readFile);
    this.#loading.add(source);
    try {
      return await this.#loading.first;
    } finally {
      this.#loading = undefined;
    }
  }
}

/** Attempts to load the module, the first of which to succeed is the one that counts. */
class Attempts {
  readonly first: Promise<WebAssembly.Module>;
  readonly #readFile: ReadFile | undefined;
  #underWay = 0;
  #resolve!: (module: WebAssembly.Module) => void;
  #reject!: (reason: unknown) => void;

  constructor(readFile: ReadFile | undefined) {
    this.#readFile = readFile;
    this.first = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  add(source: () => WasmSource): void {
    this.#underWay += 1;
    // What is not needed any more keeps no connection open and no process alive.
    compile(source, this.#readFile, this.first).then(this.#resolve, (reason: unknown) => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#reject(reason);
    });
  }
}
