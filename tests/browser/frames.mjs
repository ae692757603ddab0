// A store that belongs to a frame, which is removed.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testFrames({ openPage }) {
  test("of a store whose frame is removed, what was under way is whole or absent, and what comes later is Closed", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
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
      const later = await Promise.all([
        tab.outcome(store.setCursor("m", 1n)),
        tab.outcome(runtime.commitSession(new Uint8Array(1))),
        tab.outcome(runtime.session()),
      ]);

      const again = await burrow.openStore({ name: "of a frame" });
      const found = again.runtime("r");
      return [
        later,
        (await found.session()).length,
        (await found.receipts()).length,
        await again.getCursor("m"),
      ];
    });
    const [later, session, receipts, cursor] = result;
    assert.deepEqual(later, ["Closed", "Closed", "Closed"]);
    assert.ok(receipts === 0 ? session === 3 : session === 300_000, `${session} bytes, ${receipts} receipts`);
    assert.equal(cursor, undefined);
    await page.close();
  });
}
