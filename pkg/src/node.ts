// The entry for Node, Deno and Bun. The wasm is in the JavaScript: what bundles a server's code leaves other files behind.

import { readFile } from "node:fs/promises";
import { entry } from "./entry.js";
import { wasm } from "./inlined.js";

export const { deleteStore, init, newId, openStore } = entry(wasm, (file) => readFile(file));

export * from "./index.js";
