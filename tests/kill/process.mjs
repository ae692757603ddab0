// A process that does on an SQLite file what it is told, several operations at once, and says when each is done.

import { createInterface } from "node:readline";
import { openStore } from "../../pkg/dist/node.js";
import { perform } from "./perform.mjs";

const store = await openStore({ path: process.argv[2] });
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ready: true });
createInterface(process.stdin).on("line", async (line) => {
  const { id, operation } = JSON.parse(line);
  try {
    await perform(store, operation);
    say({ id });
  } catch (error) {
    say({ id, error: `${error.stack}` });
  }
});
