// The entry for workerd (Cloudflare Workers), which compiles no wasm at run time: the module is imported ready-made.

import module from "../wasm/burrow_bg.wasm";
import { entry } from "./entry.js";

export const { deleteStore, init, newId, openStore } = entry(() => module);

export * from "./index.js";
