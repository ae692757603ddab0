// The JavaScript API in Node, where nothing durable is expected: the store is in memory.

import { test } from "node:test";
import * as burrow from "../../pkg/dist/node.js";
import { fails } from "../support/expect.mjs";
import { poisonRules } from "./poison.mjs";
import { rules } from "./rules.mjs";

for (const [name, rule] of Object.entries(rules)) {
  test(name, async () => rule({ ...burrow, store: await burrow.openStore() }));
}

for (const [name, rule] of Object.entries(poisonRules)) test(name, () => rule("memory"));

test("IndexedDB is refused where there is none", () =>
  fails(burrow.openStore({ backend: "indexeddb" }), { code: "Unsupported" }));

test("options that are not understood are refused by name", async () => {
  const { openStore } = burrow;
  await fails(openStore({ name: "" }), { code: "InvalidInput", argument: "options.name" });
  await fails(openStore({ durability: "none" }), { code: "InvalidInput", argument: "options.durability" });
  await fails(openStore({ backend: "disk" }), { code: "InvalidInput", argument: "options.backend" });
  await fails(openStore("burrow"), { code: "InvalidInput", argument: "options" });
});
