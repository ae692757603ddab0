// A page whose promises answer in a task of their own, as zone.js and some polyfills have them. The browser commits a
// transaction that nobody has sent anything to by then: what decides must have decided before.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testLatePromises({ openPage }) {
  test("with promises that answer late, what must be refused is refused, and nothing of it is written", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const { then } = Promise.prototype;
      const late = (f) =>
        f && ((value) => then.call(new Promise((resolve) => setTimeout(resolve, 4)), () => f(value)));
      Promise.prototype.then = function (onValue, onError) {
        return then.call(this, late(onValue), late(onError));
      };
      globalThis.queueMicrotask = (f) => void setTimeout(f, 4);

      const store = await burrow.openStore({ name: "late promises" });
      const runtime = store.runtime("r");
      const bytes = (text) => new TextEncoder().encode(text);
      const receipt = {
        run_id: "01a20127-b8f1-725e-bae9-39a85b9ab50a",
        boundary: "run_start",
        contributing_input_ids: [],
        message_count: 1n,
        sequence: 0n,
      };
      await runtime.commitBoundary({ receipt, session: bytes("first") });
      const again = { ...receipt, message_count: 2n };
      const outcomes = [
        await tab.outcome(runtime.commitBoundary({ receipt: again, session: bytes("second") })),
        await tab.outcome(
          runtime.transition({ from: "running", to: "idle", inputs: [await tab.inputOf(0)] }),
        ),
      ];
      const old = await runtime.claim();
      const claim = await runtime.claim();
      outcomes.push(await tab.outcome(old.commitSession(bytes("fenced"))));
      outcomes.push(await tab.outcome(claim.persistInput(await tab.inputOf(1))));
      // What takes several requests one after another, and what is asked again.
      await store.runtime("s").commitSession(bytes("s"));
      await store.setLabels({ mob: "m" }, { env: "dev" });
      tab.loseAcknowledgements(1);
      const labels = (await store.deleteLabels({ mob: "m" })).env;
      const flows = (stored) => bytes(`${new TextDecoder().decode(stored)}+`);
      await Promise.all([store.updateOauthFlows(flows), store.updateOauthFlows(flows)]);
      return {
        outcomes,
        session: new TextDecoder().decode(await runtime.session()),
        inputs: (await runtime.inputs()).length,
        runtimes: await store.runtimes(),
        labels,
        flows: new TextDecoder().decode(await store.oauthFlows()),
      };
    });
    assert.deepEqual(result, {
      outcomes: ["Conflict", "Conflict", "Fenced", "ok"],
      session: "first",
      inputs: 1,
      runtimes: ["r", "s"],
      labels: "dev",
      flows: "++",
    });
    await page.close();
  });
}
