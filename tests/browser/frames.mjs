// A store that belongs to a frame, which is removed.

import assert from "node:assert/strict";
import { test } from "node:test";

/** `settles`: whether a promise of a frame that is gone settles for another page. In Firefox none does, not even one that is rejected at once. */
export function testFrames({ openPage }, { settles }) {
  test("of a store whose frame is removed, what was under way is whole or absent, and what comes later is Closed", async () => {
    const page = await openPage();
    const result = await page.evaluate(async (settles) => {
      const frame = document.createElement("iframe");
      frame.src = location.href;
      document.body.append(frame);
      while (!frame.contentWindow.check) await new Promise((resolve) => setTimeout(resolve, 10));

      const store = await frame.contentWindow.burrow.openStore({ name: "of a frame" });
      const runtime = store.runtime("r");
      await runtime.commitSession(new Uint8Array(3));
      const [receipt, session] = [await tab.receiptOf(0n), new Uint8Array(300_000)];
      runtime.commitBoundary({ receipt, session }).catch(() => {});
      frame.remove();
      const later = [
        tab.outcome(store.setCursor("m", 1n)),
        tab.outcome(runtime.commitSession(new Uint8Array(1))),
        tab.outcome(runtime.session()),
      ];
      const outcomes = settles ? await Promise.all(later) : [];

      const again = await burrow.openStore({ name: "of a frame" });
      const found = again.runtime("r");
      const isUntouched = (await again.getCursor("m")) === undefined;
      return [outcomes, (await found.session()).length, (await found.receipts()).length, isUntouched];
    }, settles);
    const [outcomes, session, receipts, isUntouched] = result;
    assert.deepEqual(outcomes, settles ? ["Closed", "Closed", "Closed"] : []);
    assert.ok(receipts === 0 ? session === 3 : session === 300_000, `${session} bytes, ${receipts} receipts`);
    assert.ok(isUntouched);
    await page.close();
  });
}
