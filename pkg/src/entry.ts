// What is the same in every entry: an entry says which module it has and where, and gets the functions that it exports.

import type { Bindings } from "../wasm/bindings.js";
import type { MakeBindings } from "./instance.js";
import { Loader } from "./load.js";
import { deleteDatabase, open } from "./open.js";
import type { ReadFile } from "./source.js";
import type { Store } from "./store.js";
import type { OpenOptions, WasmSource } from "./types.js";

type Functions = Omit<typeof import("./browser.js"), "BurrowError">;

/** The parts in which entries differ. */
export interface Own<B extends Bindings> {
  /** The bindings of its module. */
  bindings: MakeBindings<B>;
  /** Where its module is. */
  wasm: () => WasmSource;
  /** Reads a file, where there are files. */
  readFile?: ReadFile;
  /** Opens a store. Default: in IndexedDB or memory. */
  openStore?: (loader: Loader<B>, options?: OpenOptions) => Promise<Store>;
}

/** The functions of an entry. Nothing is loaded before one of them is called. */
export function entry<B extends Bindings>({ bindings, wasm, readFile, openStore = open }: Own<B>): Functions {
  const loader = new Loader(bindings, wasm, readFile);
  return {
    init: (source) => loader.init(source),
    openStore: (options) => openStore(loader, options),
    deleteStore: (name) => deleteDatabase(loader, name),
    async newId() {
      const instance = await loader.instance();
      return instance.call(async () => instance.bindings.newId());
    },
  };
}
