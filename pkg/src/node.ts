// The entry for Node, Deno and Bun: memory, SQLite, and IndexedDB where there is an imitation of it. The wasm is in the JavaScript:
// what bundles a server's code leaves other files behind.

import { readFile } from "node:fs/promises";
import base64 from "../wasm/server-base64.js";
import bindings from "../wasm/server-bindings.js";
import { entry } from "./entry.js";
import { openFile, openHandle } from "./files.js";
import { inlined } from "./inlined.js";
import { openOnServer } from "./server.js";

export const { deleteStore, init, newId, openStore } = entry({
  bindings,
  wasm: inlined(base64),
  readFile: (file) => readFile(file),
  openStore: (loader, options) => openOnServer(loader, options, { path: openFile, database: openHandle }),
});

export { BurrowError } from "./error.js";
