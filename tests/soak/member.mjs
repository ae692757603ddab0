// One of many processes on one SQLite file.

import { newId, openStore } from "../../pkg/dist/node.js";
import { found, oneOfMany } from "./many.mjs";

const [file, number] = process.argv.slice(2);
const store = await openStore({ path: file });
const tasks = {
  ...oneOfMany({ newId, store, number: Number(number) }),
  find: (numbers) => found(store, numbers),
};
process.on("message", async ([task, argument]) => {
  try {
    process.send({ value: await tasks[task](argument) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.send({});
