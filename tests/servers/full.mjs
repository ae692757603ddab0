// SQLite on a full disk, which a handle plays that fails; on a disk itself it is tested in `tests/power_cut/`.

import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { openStore } from "../../pkg/dist/node.js";
import { giveUpReserve } from "../../pkg/dist/reserve.js";
import { equal, fails } from "../support/expect.mjs";

const full = () => Object.assign(new Error("database or disk is full"), { errcode: 13, code: "SQLITE_FULL" });

/** A handle whose commits fail while it says so. */
function filling(handle, isFull) {
  const prepare = (sql) => {
    const statement = handle.prepare(sql);
    const commit = () => {
      if (isFull()) throw full();
      statement.run();
      return [];
    };
    return sql === "COMMIT" ? { all: commit } : statement;
  };
  return { prepare };
}

export const tests = {
  async "on a full disk deleting takes the room that is kept back, and writing does not"({ file, connect }) {
    const reserve = `${file}-reserve`;
    let isFull = false;
    const kept = () => statSync(reserve, { throwIfNoEntry: false })?.size ?? 0;
    const handle = connect(file);
    const database = filling(handle, () => isFull && existsSync(reserve));
    const store = await openStore({ database });
    await store.setCursor("m", 1n);
    equal(existsSync(reserve), false);
    await store.runtime("r").commitSession(new Uint8Array(3_000_000));
    await store.setLabels({ mob: "m" }, { a: "b" });
    equal(kept() >= 3_000_000 + 2 ** 20, true);
    isFull = true;
    await fails(store.setCursor("m", 2n), { code: "QuotaExceeded" });
    await fails(store.runtime("r").commitSession(new Uint8Array(10)), { code: "QuotaExceeded" });
    equal(existsSync(reserve), true);
    // What was refused takes no room.
    equal(statSync(`${file}-wal`).size, 0);
    await store.runtime("r").delete();
    await store.deleteMob("m");
    equal(kept() >= 2 ** 20, true);
    // The deletions have left free pages for this.
    await store.runtime("s").commitSession(new Uint8Array(1_000_000));
    equal(kept() >= 2 ** 20, true);
    isFull = false;
    equal(await store.runtime("r").session(), undefined);
    equal(await store.getCursor("m"), undefined);
    await store.setCursor("m", 3n);
    await store.close();
    handle.close();
  },

  async "a full disk is opened in the room that is kept back, by the program's handle too"({
    file,
    connect,
  }) {
    const store = await openStore({ path: file });
    await store.runtime("r").commitSession(new Uint8Array(3_000_000));
    await store.setCursor("m", 1n);
    await store.close();
    const handle = connect(file);
    let refused = 0;
    const prepare = (sql) => {
      if (sql !== "PRAGMA journal_mode = WAL" || !existsSync(`${file}-reserve`)) return handle.prepare(sql);
      refused++;
      throw full();
    };
    const again = await openStore({ database: { prepare } });
    equal(refused, 1);
    equal(statSync(`${file}-reserve`).size, 5 * 2 ** 20);
    await again.setCursor("m", 2n);
    await again.close();
    handle.close();
    equal(giveUpReserve(`${file}-missing`), false);
  },

  async "room is kept back beside what grew little by little"({ file }) {
    for (let n = 0; n < 8; n++) {
      const store = await openStore({ path: file });
      await store.runtime(`r${n}`).commitSession(new Uint8Array(300_000));
      await store.close();
    }
    equal(statSync(`${file}-reserve`).size >= 2 * 2 ** 20, true);
  },

  async "on a full disk a call does not wait for who reads"({ file, connect }) {
    const [handle, reader] = [connect(file), connect(file)];
    handle.prepare("PRAGMA busy_timeout = 4000").all();
    let isFull = false;
    const database = filling(handle, () => isFull);
    const store = await openStore({ database });
    await store.setCursor("m", 1n);
    reader.prepare("BEGIN").run();
    reader.prepare("SELECT * FROM sqlite_master").all();
    isFull = true;
    const began = performance.now();
    await fails(store.setLabels({ mob: "m" }, { a: "b" }), { code: "QuotaExceeded" });
    equal(performance.now() - began < 3000, true);
    equal(Object.values(handle.prepare("PRAGMA busy_timeout").all()[0]), [4000]);
    reader.prepare("COMMIT").run();
    await store.close();
    for (const open of [handle, reader]) open.close();
  },

  async "what another file of the reserve's name holds stays"({ file }) {
    const others = { database: async () => (await openStore({ path: `${file}-reserve` })).close() };
    others.text = async () => writeFileSync(`${file}-reserve`, "a letter");
    for (const make of Object.values(others)) {
      await make();
      const before = readFileSync(`${file}-reserve`);
      const store = await openStore({ path: file });
      await store.runtime("r").commitSession(new Uint8Array(3_000_000));
      await store.close();
      equal(readFileSync(`${file}-reserve`), before);
      for (const suffix of ["", "-reserve"]) rmSync(file + suffix);
    }
  },
};
