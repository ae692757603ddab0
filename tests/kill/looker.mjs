// A process that looks at what there is in an SQLite file, each time it is asked.

import { createInterface } from "node:readline";
import { openStore } from "../../pkg/dist/node.js";
import { look } from "./perform.mjs";

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ready: true });
createInterface(process.stdin).on("line", async (line) => {
  const { id, look: asked } = JSON.parse(line);
  try {
    const store = await openStore({ path: process.argv[2] });
    const found = await look(store, asked);
    await store.close();
    say({ id, found });
  } catch (error) {
    say({ id, error: `${error.stack}` });
  }
});
