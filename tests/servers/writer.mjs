// A process that commits to a file until it is killed, and says which boundaries were acknowledged.

import { openStore } from "../../pkg/dist/node.js";
import { commit, verify } from "./stream.mjs";

const [path, name, run] = process.argv.slice(2);
const store = await openStore({ path });
const agent = store.runtime(name);
for (let number = await verify(agent, run); ; number++) {
  await commit(agent, run, number);
  process.stdout.write(`${number}\n`);
}
