// What is the same in every entry: an entry says where its wasm is, and gets the functions that it exports.

import { Loader } from "./load.js";
import { deleteDatabase, open } from "./open.js";
import type { ReadFile } from "./source.js";
import type { WasmSource } from "./types.js";

type Functions = Pick<typeof import("./index.js"), "deleteStore" | "init" | "newId" | "openStore">;

/** The functions of an entry. Nothing is loaded before one of them is called. */
export function entry(source: () => WasmSource, readFile?: ReadFile): Functions {
  const loader = new Loader(source, readFile);
  return {
    init: (source) => loader.init(source),
    openStore: (options) => open(loader, options),
    deleteStore: (name) => deleteDatabase(loader, name),
    async newId() {
      const instance = await loader.instance();
      return instance.call(async () => instance.bindings.newId());
    },
  };
}
