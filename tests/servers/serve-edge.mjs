// Serves the edge service, what its mobs hold in a folder, and says where.

import { startEdge } from "./edge.mjs";

const { url } = await startEdge({ persist: process.argv[2] });
console.log(String(url));
