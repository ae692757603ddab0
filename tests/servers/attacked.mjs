// What is the same in all tests of attacks: a mob that everybody attacks, and another that is served meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, message } from "./edge.mjs";
import { addressOf } from "./edge-address.mjs";

export const MOB = "/mobs/attacked";

export const setCursor = { call: "setCursor", args: ["m", { bigint: "1" }] };

/** Fails unless it was refused in this way. */
export const refused = (response, status, code) =>
  assert.deepEqual([response.status, response.answer?.code], [status, code], response.text ?? response.error);

/** The ways to attack a service. */
export async function attacked(url) {
  const { token } = await addressOf(url, "attacked");
  const other = await addressOf(url, "other");
  const calls = (body, options) => ask(url, `${MOB}/calls`, { method: "POST", token, body, ...options });

  /** Nothing is stored of what attacks, and the others are served. */
  async function isUnharmed() {
    const asked = ["mobs", "runtimes"].map((call) => ({ call, args: [null, 100, null] }));
    const { answer } = await calls(message(asked));
    assert.deepEqual(answer.answers, [{ value: [] }, { value: [] }]);
    const rpc = { jsonrpc: "2.0", id: 1, method: "burrow/cursor/advance", params: { cursor: 7 } };
    const body = JSON.stringify(rpc);
    const served = await ask(url, "/mobs/other/rpc", { method: "POST", token: other.token, body });
    assert.deepEqual([served.status, served.answer.result], [200, { cursor: 7 }]);
  }

  /** A test of attacks, after which nothing has changed. */
  const attack = (name, attempts) =>
    test(name, async () => {
      await attempts();
      await isUnharmed();
    });
  return { token, calls, isUnharmed, attack };
}
