// A sealed store in an SQLite file: what the file holds, rows that somebody moves in it, and the store at the other end of `connect`.

import { readFileSync } from "node:fs";
import { newId, openStore } from "../../pkg/dist/node.js";
import { serve } from "../../pkg/dist/serve.js";
import { bytes, input, receipt } from "../in-page/makers.mjs";
import { newKey } from "../in-page/sealing.mjs";
import { equal, fails } from "../support/expect.mjs";
import { message } from "./edge.mjs";

const SECRET = "the eagle lands at noon";

export const sealed = {
  async "a sealed file holds nothing of what is sealed, and rows that are moved are refused"({
    file,
    connect,
  }) {
    const seal = await newKey();
    let store = await openStore({ path: file, seal });
    const queued = [];
    for (const persisted_input of [SECRET, "another"])
      queued.push(await input({ newId }, { persisted_input }));
    for (const id of ["a", "b"]) {
      const session = bytes(`${SECRET} of ${id}`);
      await store.runtime(id).commitBoundary({ receipt: await receipt({ newId }), session, inputs: queued });
    }
    await store.persistOauthFlows(bytes(SECRET));
    const held = () => ["", "-wal"].some((suffix) => readFileSync(file + suffix).includes(SECRET));
    equal(held(), false);
    await store.runtime("c").transition({ from: "initializing", to: "idle" });
    await store.setLabels({ mob: "m" }, { SECRET });
    equal(held(), true);
    await store.close();

    store = await openStore({ path: file, seal });
    equal(await store.runtime("a").session(), bytes(`${SECRET} of a`));
    equal(await store.runtime("b").inputs(), queued);
    await store.close();
    store = await openStore({ path: file, seal: await newKey() });
    await fails(store.runtime("a").session(), { code: "WrongKey", key: "[a]" });
    await store.close();

    const database = connect(file);
    const swap = (table, column, where) => {
      const rows = database
        .prepare(`SELECT ${column} AS value FROM ${table} WHERE ${where} ORDER BY rowid`)
        .all();
      const ids = database.prepare(`SELECT rowid AS id FROM ${table} WHERE ${where} ORDER BY rowid`).all();
      equal(rows.length, 2);
      const put = database.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`);
      for (const [i, { id }] of ids.entries()) put.run(rows[1 - i].value, id);
    };
    swap("runtime_session_snapshots", "session_snapshot", "true");
    swap("runtime_input_states", "state_json", "runtime_id = 'a'");
    swap("runtime_input_states", "state_json", `input_id = '${queued[1].input_id}'`);
    database.close();
    store = await openStore({ path: file, seal });
    for (const id of ["a", "b"]) {
      await fails(store.runtime(id).session(), { code: "Decode", key: `[${id}]` });
      await fails(store.runtime(id).inputs(), { code: "Decode", table: "runtime_input_states" });
      await fails(store.runtime(id).recover(), { code: "Decode" });
      for (const { input_id } of queued.slice(id === "a" ? 0 : 1)) {
        await fails(store.runtime(id).input(input_id), { code: "Decode", table: "runtime_input_states" });
      }
    }
    equal(await store.runtime("b").input(queued[0].input_id), queued[0]);
    await store.close();
  },

  async "what is served of a sealed store is sealed too, under claims as without"({ file }) {
    const seal = await newKey();
    const store = await openStore({ path: file, seal });
    let batch = 0;
    const ask = async (call, members, ...args) => {
      const parts = args.filter((value) => value instanceof Uint8Array);
      const packed = args.map((value) => (value instanceof Uint8Array ? { bytes: value.length } : value));
      const asked = message([{ call, ...members, args: packed }], {
        batch: ++batch,
        bytes: new TextDecoder().decode(parts[0]),
      });
      const answer = new TextDecoder().decode(await serve(store, bytes(asked)));
      const line = answer.slice(0, answer.indexOf("\n"));
      const [{ value, error }] = JSON.parse(line).answers;
      return error ? error : value?.bytes ? answer.slice(line.length + 1) : value;
    };
    const runtime = "r";
    const queued = { ...(await input({ newId })), persisted_input: SECRET };
    const claim = await ask("claim", { runtime });
    await ask("commitSession", { runtime, claim }, bytes(SECRET));
    await ask("persistInput", { runtime, claim }, JSON.stringify(queued));
    for (const members of [{ runtime }, { runtime, claim }]) {
      equal(await ask("session", members), SECRET);
      equal(JSON.parse(await ask("input", members, queued.input_id)), queued);
    }
    for (const wrong of ["", "[", "7", "null", '{"a":[1111111111111111111', "[".repeat(100_000)]) {
      const { name, code } = await ask("persistInput", { runtime, claim }, wrong);
      equal([name, code], ["BurrowError", "InvalidInput"]);
    }
    await ask("replaceOauthFlows", {}, null, bytes(SECRET));
    equal(await ask("oauthFlows", {}), SECRET);
    equal(await store.runtime(runtime).session(), bytes(SECRET));
    await store.close();
    equal(readFileSync(file).includes(SECRET), false);
    const { epoch } = await (await openStore({ path: file, seal })).runtime(runtime).recover();
    equal(epoch, 1n);
  },
};
