// The entry for Node, Deno and Bun: the wasm is read from the disk.

import { readFile } from "node:fs/promises";
import { entry } from "./entry.js";

export const { init, newId, openStore } = entry(
  () => new URL("../wasm/burrow_bg.wasm", import.meta.url),
  async (address) => {
    const url = new URL(address);
    return url.protocol === "file:" ? readFile(url) : fetch(url);
  },
);

export * from "./index.js";
