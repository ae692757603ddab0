// The entry for workerd (Cloudflare Workers), which compiles no wasm at run time: the module is imported ready-made.

import module from "../wasm/server_bg.wasm";
import bindings from "../wasm/server-bindings.js";
import { openStorage } from "./durable-object.js";
import { entry } from "./entry.js";
import { openOnServer } from "./server.js";

export const { deleteStore, init, newId, openStore } = entry({
  bindings,
  wasm: () => module,
  openStore: (loader, options) => openOnServer(loader, options, { storage: openStorage }),
});

export { BurrowError } from "./error.js";
