// SQLite on a full disk, which a handle plays that fails; on a disk itself it is tested in `tests/power_cut/`.

import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { openStore } from "../../pkg/dist/node.js";
import { equal, fails } from "../support/expect.mjs";

export const full = {
  async "on a full disk deleting takes the room that is kept back, and writing does not"({ file, connect }) {
    const reserve = `${file}-reserve`;
    let isFull = false;
    const kept = () => statSync(reserve, { throwIfNoEntry: false })?.size ?? 0;
    const handle = connect(file);
    const prepare = (sql) => {
      const statement = handle.prepare(sql);
      const commit = () => {
        if (isFull && existsSync(reserve)) {
          throw Object.assign(new Error("database or disk is full"), { errcode: 13, code: "SQLITE_FULL" });
        }
        statement.run();
        return [];
      };
      return sql === "COMMIT" ? { all: commit } : statement;
    };
    const store = await openStore({ database: { prepare } });
    await store.setCursor("m", 1n);
    equal(existsSync(reserve), false);
    await store.runtime("r").commitSession(new Uint8Array(3_000_000));
    await store.setLabels({ mob: "m" }, { a: "b" });
    equal(kept() >= 3_000_000 + 2 ** 20, true);
    isFull = true;
    await fails(store.setCursor("m", 2n), { code: "QuotaExceeded" });
    await fails(store.runtime("r").commitSession(new Uint8Array(10)), { code: "QuotaExceeded" });
    equal(existsSync(reserve), true);
    await store.runtime("r").delete();
    await store.deleteMob("m");
    equal(kept() >= 2 ** 20, true);
    isFull = false;
    equal(await store.runtime("r").session(), undefined);
    equal(await store.getCursor("m"), undefined);
    await store.setCursor("m", 3n);
    await store.close();
    handle.close();
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
