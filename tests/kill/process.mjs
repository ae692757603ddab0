// A process that does on an SQLite file what it is told, several operations at once, and says when each is done.

import { createInterface } from "node:readline";
import { openStore } from "../../pkg/dist/node.js";
import { look, perform } from "./perform.mjs";

const store = await openStore({ path: process.argv[2] });
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ready: true });
createInterface(process.stdin).on("line", async (line) => {
  const { id, operation, look: asked } = JSON.parse(line);
  try {
    if (asked) return say({ id, found: await look(store, asked) });
    await perform(store, operation);
    say({ id });
  } catch (error) {
    say({ id, error: `${error.stack}` });
  }
});
