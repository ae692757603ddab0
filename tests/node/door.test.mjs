// The module's exports, called past the TypeScript.

import { test } from "node:test";
import base64 from "../../pkg/wasm/base64.js";
import makeBindings from "../../pkg/wasm/bindings.js";
import { Loader } from "../../pkg/dist/load.js";
import { testDoor } from "../in-page/door.mjs";

test("every export refuses every wrong value in every position by the argument's name", async () => {
  const loader = new Loader(makeBindings, () => Buffer.from(base64, "base64"));
  const { bindings } = await loader.instance();
  await testDoor(bindings, "door", "memory");
});
