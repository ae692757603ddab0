// Bytes as they lie in rows, in both of their forms.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testLargeValues({ openPage }) {
  test("a value of more than 512 KB is one piece, and is read in either form", async () => {
    const page = await openPage();
    const outcome = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "large" });
      const runtime = store.runtime("r");
      const table = "runtime_session_snapshots";
      const database = await tab.rawDatabase("large");
      const commit = (write) =>
        new Promise((resolve) => {
          const transaction = database.transaction(table, "readwrite");
          write(transaction.objectStore(table));
          transaction.oncomplete = resolve;
        });
      const rows = () =>
        new Promise((resolve) => {
          const read = database.transaction(table).objectStore(table).getAll();
          read.onsuccess = () =>
            resolve(read.result.map((row) => (Array.isArray(row) ? row[0] : row).length));
        });
      const bytes = (length) => Uint8Array.from({ length }, (_, at) => (at * 31) % 251);
      const found = [];
      for (const length of [512 * 1024 + 1, 1_200_000, 512 * 1024, 5]) {
        await runtime.commitSession(bytes(length));
        const read = await runtime.session();
        found.push([await rows(), indexedDB.cmp(read, bytes(length)) === 0]);
      }
      // As it was written before.
      const [whole, piece] = [bytes(11 * 61_440), 61_440];
      await commit((pieces) => {
        for (let n = 0; n <= 11; n++) {
          pieces.put(whole.slice(n * piece, (n + 1) * piece), ["r", String(n).padStart(20, "0")]);
        }
      });
      found.push(indexedDB.cmp(await runtime.session(), whole) === 0);
      // A whole value that has lost its end.
      await commit((pieces) => {
        pieces.clear();
        pieces.put(whole, ["r", "0".padStart(20, "0")]);
      });
      found.push(await tab.outcome(runtime.session()));
      database.close();
      return found;
    });
    const split = [...Array(8).fill(61_440), 32_768];
    assert.deepEqual(outcome, [
      [[512 * 1024 + 1, 0], true],
      [[1_200_000, 0], true],
      [split, true],
      [[5], true],
      true,
      "Decode",
    ]);
    await page.close();
  });
}
