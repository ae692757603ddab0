// Serves the tests' Worker, its objects kept in a folder, and says where.

import { fileURLToPath } from "node:url";
import { start } from "../../examples/edge/start.mjs";

const { url } = await start(fileURLToPath(new URL("worker/", import.meta.url)), { persist: process.argv[2] });
console.log(String(url));
