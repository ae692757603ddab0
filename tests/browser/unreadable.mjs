// Records that something past burrow has made unreadable.

import assert from "node:assert/strict";
import { test } from "node:test";

/** `openPage` gives a page with burrow in it. */
export function testUnreadable({ openPage }) {
  test("an unreadable record fails its own load, names itself, and is left as it is", async () => {
    const page = await openPage();
    const outcome = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "corrupt" });
      const runtime = store.runtime("r");
      const now = "2026-11-22T02:48:30Z";
      const ids = [];
      for (let i = 0; i < 3; i++) {
        ids.push(await burrow.newId());
        const input = {
          input_id: ids[i],
          current_state: "queued",
          attempt_count: 0,
          recovery_count: 0,
          history: [],
        };
        await runtime.persistInput({ ...input, created_at: now, updated_at: now });
      }
      await store.setCursor("good", 1n);

      const database = await new Promise((resolve) => {
        const request = indexedDB.open("corrupt");
        request.onsuccess = () => resolve(request.result);
      });
      const behindOurBack = (table, key, value) =>
        new Promise((resolve) => {
          const transaction = database.transaction(table, "readwrite");
          transaction.objectStore(table).put(value, key);
          transaction.oncomplete = resolve;
        });
      await behindOurBack("burrow_live_inputs", ["r", ids[1]], '{"input_id":');
      await behindOurBack("mobkit_metadata", ["bad", "subscription_cursor"], "not a number");
      await behindOurBack("burrow_labels", ["bad", ""], 7);
      await behindOurBack("runtime_session_snapshots", ["r", "00000000000000000000"], "text");
      await behindOurBack("runtime_states", ["r"], '"asleep"');
      await behindOurBack("burrow_sessions", [ids[0]], 7);

      const told = async (promise) => {
        const error = await promise.then(
          () => new Error("no error"),
          (error) => error,
        );
        return `${error.code} ${error.message.split(":")[0]}`;
      };
      const errors = [
        await told(runtime.input(ids[1])),
        await told(runtime.inputs()),
        await told(store.getCursor("bad")),
        await told(store.getLabels({ mob: "bad" })),
        await told(store.deleteLabels({ mob: "bad" })),
        await told(runtime.session()),
        await told(runtime.state()),
        await told(runtime.transition({ from: "initializing", to: "idle" })),
        await told(store.sessionById(ids[0])),
        // It may be anybody's, and keeps nobody from being deleted.
        await told(store.runtime("other").delete()),
      ].map((message) => message.replace(ids[1], "ID").replace(ids[0], "SESSION"));
      // What is set aside is no longer in the way, and its bytes are kept; what is no text stays where it is.
      const { findings } = await store.verify({ quarantine: true });
      const aside = await store.quarantined();
      for (const { id } of aside.slice(1)) await store.deleteQuarantined(id);
      const quarantine = [
        findings.map(({ table, quarantined }) => `${table} ${quarantined}`),
        aside.map(({ key, record }) => `${key[0]} ${new TextDecoder().decode(record)}`),
        (await store.quarantined({ after: undefined, limit: 5 })).length,
        (await store.quarantined({ after: aside[0].id })).length,
        [(await runtime.inputs()).length, await runtime.state(), await store.getCursor("bad")],
        await told(runtime.session()),
      ];
      const rest = [(await runtime.inputIds()).length, (await runtime.input(ids[2])).input_id === ids[2]];
      rest.push(String(await store.getCursor("good")), (await store.mobs()).join());
      const kept = database.transaction("burrow_labels").objectStore("burrow_labels").get(["bad", ""]);
      await new Promise((resolve) => (kept.onsuccess = resolve));
      return { errors, quarantine, rest: [...rest, kept.result] };
    });
    assert.deepEqual(outcome, {
      errors: [
        "Decode cannot decode runtime_input_states [r, ID]",
        "Decode cannot decode runtime_input_states [r, ID]",
        "Decode cannot decode mobkit_metadata [bad, subscription_cursor]",
        "Decode cannot decode burrow_labels [bad, ]",
        "Decode cannot decode burrow_labels [bad, ]",
        "Decode cannot decode runtime_session_snapshots [r]",
        "Decode cannot decode runtime_states [r]",
        "Decode cannot decode runtime_states [r]",
        "Decode cannot decode burrow_sessions [SESSION]",
        "undefined no error",
      ],
      quarantine: [
        [
          "runtime_input_states true",
          "runtime_session_snapshots false",
          "runtime_states true",
          "mobkit_metadata true",
          "burrow_labels false",
          "burrow_sessions false",
        ],
        ["bad not a number", 'r {"input_id":', 'r "asleep"'],
        1,
        0,
        [2, null, null],
        "Decode cannot decode runtime_session_snapshots [r]",
      ],
      rest: [2, true, "1", "bad,good", 7],
    });
    await page.close();
  });
}
