// A process that makes rounds of operations on an SQLite file, and says after each how large it is. Node runs it with --expose-gc.

import { newId, openStore } from "../../pkg/dist/node.js";
import { newSoak } from "./mixed.mjs";

const soak = await newSoak({
  newId,
  openStore: () => openStore({ path: process.argv[2], durability: "relaxed" }),
});
process.on("message", async (operations) => {
  try {
    await soak.round(operations);
    gc();
    process.send({});
  } catch (error) {
    process.send({ error: error.stack });
  }
});
