// Serves a Worker, the tests' own unless another's folder is named, its objects kept in a folder, and says where.

import { fileURLToPath } from "node:url";
import { start } from "../../examples/edge/start.mjs";

const [persist, folder = fileURLToPath(new URL("worker/", import.meta.url))] = process.argv.slice(2);
const { url } = await start(folder, { persist });
console.log(String(url));
