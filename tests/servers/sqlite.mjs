// What a store in an SQLite file, or in a handle of the program's, does in Node, Deno and Bun. `run.mjs` runs these.

import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { entry } from "../../pkg/dist/entry.js";
import { openFile } from "../../pkg/dist/files.js";
import { openStore } from "../../pkg/dist/node.js";
import { openOnServer } from "../../pkg/dist/server.js";
import { SqliteDatabase } from "../../pkg/dist/sqlite.js";
import bindings from "../../pkg/wasm/server-bindings.js";
import { equal, fails } from "../support/expect.mjs";
import { tests as full } from "./full.mjs";
import { sealed } from "./sealed.mjs";

/** The names of the tests and the tests: each gets a folder of its own, and a function that opens a handle of a file. */
export const tests = {
  ...sealed,
  ...full,

  async "a file keeps what was committed, and is whole and alone once it is closed"({ file, folder }) {
    const store = await openStore({ path: file });
    const { backend, durability, persisted, usage, quota, reopens } = await store.status();
    equal([backend, durability, reopens], ["sqlite", "strict", 0]);
    equal([persisted, usage, quota], [undefined, undefined, undefined]);
    equal(store.authorityKey, `sqlite:${file}`);
    await store.setLabels({ mob: "m" }, { env: "dev" });
    await store.close();
    equal(readdirSync(folder), [path.basename(file)]);
    await fails(store.getLabels({ mob: "m" }), { code: "Closed" });
    const again = await openStore({ path: file });
    equal(await again.getLabels({ mob: "m" }), { env: "dev" });
    await again.close();
  },

  async "numbers and ids come back to the last digit and character"({ file }) {
    const store = await openStore({ path: file });
    const agent = store.runtime("a\0b🧠");
    const half = 2n ** 63n;
    const sequences = [0n, 2n ** 53n, 2n ** 53n + 1n, half - 1n, half, half + 1n, 2n ** 64n - 1n];
    const run_id = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
    const receipt = { run_id, boundary: "run_start", contributing_input_ids: [], message_count: half };
    for (const sequence of [...sequences].reverse())
      await agent.commitBoundary({ receipt: { ...receipt, sequence } });
    const listed = await agent.receipts();
    equal(
      listed.map(({ sequence }) => sequence),
      sequences,
    );
    for (const [i, sequence] of sequences.entries()) {
      equal((await agent.receipt(run_id, sequence)).message_count, half);
      const after = await agent.receipts({ after: listed[i] });
      equal(
        after.map((receipt) => receipt.sequence),
        sequences.slice(i + 1),
      );
    }
    equal(await store.runtimes(), ["a\0b🧠"]);
    const session = new Uint8Array(1_000_000).map((_, i) => i % 251);
    await agent.commitSession(session);
    equal(Buffer.compare(await agent.session(), session), 0);
    await store.close();
  },

  async "what no answer can hold is TooLarge, of that call alone, and is read in parts"({ file }) {
    const store = await openStore({ path: file });
    const agent = store.runtime("r");
    const now = "2026-11-22T02:48:30Z";
    const note = "x".repeat(2 ** 23);
    const ids = [];
    for (let n = 0; n < 17; n++) {
      ids.push(`01a20127-b8f1-725e-bae9-39a85b9ab5${10 + n}`);
      const input = { input_id: ids[n], current_state: "queued", created_at: now, updated_at: now, note };
      await agent.persistInput(input);
    }
    const [all, cursor] = await Promise.all([agent.inputs().catch(({ code }) => code), store.getCursor("m")]);
    equal([all, cursor], ["TooLarge", undefined]);
    equal(await agent.inputIds(), ids);
    equal((await agent.input(ids[16])).note.length, note.length);
    await store.close();
  },

  async "a snapshot of 50 MB comes back whole, and takes less than 200 MB of the module's memory"({ file }) {
    const memories = [];
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (...args) => {
      const { exports } = await instantiate(...args);
      memories.push(Object.values(exports).find((value) => value instanceof WebAssembly.Memory));
      return { exports };
    };
    const { openStore } = entry({
      bindings,
      wasm: () =>
        WebAssembly.compile(readFileSync(new URL("../../pkg/wasm/server_bg.wasm", import.meta.url))),
      openStore: (loader, options) => openOnServer(loader, options, { path: openFile }),
    });
    const store = await openStore({ path: file });
    WebAssembly.instantiate = instantiate;
    const agent = store.runtime("large");
    for (const length of [5_000_000, 50_000_000]) {
      const session = new Uint8Array(length).map((_, i) => i % 251);
      await agent.commitSession(session);
      equal(Buffer.compare(await agent.session(), session), 0);
    }
    await store.close();
    const [{ buffer }] = memories;
    equal(buffer.byteLength < 200_000_000 ? "" : `${buffer.byteLength} bytes`, "");
  },

  async "relaxed durability is a setting of the file, anything else is refused"({ file, folder }) {
    for (const durability of ["none", "", null, 7]) {
      await fails(openStore({ path: file, durability }), { argument: "options.durability" });
    }
    equal(readdirSync(folder), []);
    const store = await openStore({ path: file, durability: "relaxed" });
    equal((await store.status()).durability, "relaxed");
    await store.close();
  },

  async "a path that can name no file is refused, and nothing is left behind"({ folder, file }) {
    const invalid = { code: "InvalidInput", argument: "options.path", retryable: false };
    for (const wrong of [7, null, {}, [], new URL("file:///a"), Symbol("a"), "", "a\0b", "\ud800"])
      await fails(openStore({ path: wrong }), invalid);
    await fails(openStore({ path: folder }), invalid);
    await fails(openStore({ path: folder + path.sep }), invalid);
    await fails(openStore({ path: "/dev/null" }), invalid);
    await fails(openStore({ path: path.join(folder, "no", "such.sqlite") }), { code: "NotFound" });
    equal(readdirSync(folder), []);
    writeFileSync(file, "");
    await fails(openStore({ path: path.join(file, "inside") }), invalid);
    equal(readdirSync(folder), [path.basename(file)]);
  },

  async "options that say two places are refused"({ file, connect, folder }) {
    for (const [more, argument] of [
      [{ name: "x" }, "options.name"],
      [{ backend: "memory" }, "options.backend"],
      [{ memoryLimit: 1000 }, "options.memoryLimit"],
      [{ database: connect(":memory:") }, "options.database"],
    ])
      await fails(openStore({ path: file, ...more }), { code: "InvalidInput", argument });
    equal(readdirSync(folder), []);
  },

  async "an empty file becomes a database"({ file }) {
    writeFileSync(file, "");
    const store = await openStore({ path: file });
    await store.setCursor("m", 1n);
    await store.close();
  },

  async "a file with two names is refused under both, and who has it open goes on"({ file, connect }) {
    const store = await openStore({ path: file });
    const other = `${file}-other`;
    linkSync(file, other);
    const refused = { code: "Unsupported", retryable: false };
    for (const name of [file, other]) {
      await fails(openStore({ path: name }), refused);
      const database = connect(name);
      await fails(openStore({ database }), refused);
      database.close();
    }
    await store.setCursor("m", 1n);
    await store.close();
    rmSync(other);
    const again = await openStore({ path: file });
    equal(await again.getCursor("m"), 1n);
    await again.close();
  },

  async "a file that is no database is refused and left as it is"({ file, folder }) {
    const text = "A letter to a friend, and no database at all. ".repeat(100);
    writeFileSync(file, text);
    await fails(openStore({ path: file }), { code: "Unsupported", retryable: false });
    equal(readFileSync(file, "utf8"), text);
    equal(readdirSync(folder), [path.basename(file)]);
  },

  async "another program's database is refused and left as it is, its log too"({ file, folder, connect }) {
    const foreign = connect(file);
    foreign.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    const refused = async () => {
      const contents = () => readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]);
      const before = contents().filter(([name]) => !name.endsWith("-shm"));
      await fails(openStore({ path: file }), { code: "ForeignDatabase", retryable: false });
      equal(
        contents().filter(([name]) => !name.endsWith("-shm")),
        before,
      );
    };
    foreign.exec("INSERT INTO notes (text) VALUES ('in the log')");
    await refused();
    // A log that a killed process left.
    for (const name of readdirSync(folder)) {
      mkdirSync(`${folder}-copy`, { recursive: true });
      writeFileSync(path.join(`${folder}-copy`, name), readFileSync(path.join(folder, name)));
    }
    foreign.close();
    await refused();
    for (const name of readdirSync(`${folder}-copy`))
      renameSync(path.join(`${folder}-copy`, name), path.join(folder, name));
    rmSync(`${folder}-copy`, { recursive: true });
    await refused();
    equal(existsSync(`${file}-wal`), true);
  },

  async "a database of a newer burrow is refused and left as it is"({ file, folder, connect }) {
    await (await openStore({ path: file })).close();
    const database = connect(file);
    database.exec("UPDATE burrow_schema SET version = 99");
    database.close();
    const before = readFileSync(file);
    await fails(openStore({ path: file }), { code: "SchemaTooNew", retryable: false });
    equal(readFileSync(file), before);
    equal(readdirSync(folder), [path.basename(file)]);
  },

  async "a file that is removed or replaced under the store is Deleted, and opened anew"({ file }) {
    for (const replaced of [false, true]) {
      const store = await openStore({ path: file });
      await store.setCursor("m", 1n);
      for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix);
      const another = replaced ? await openStore({ path: file }) : undefined;
      for (const call of [() => store.setCursor("m", 2n), () => store.getCursor("m")])
        await fails(call(), { code: "Deleted", retryable: false });
      await another?.setCursor("m", 3n);
      await store.close();
      const again = await openStore({ path: file });
      equal(await again.getCursor("m"), replaced ? 3n : undefined);
      await again.close();
      await another?.close();
      rmSync(file);
    }
  },

  async "a file that is lost in the middle of a commit is OutcomeUnknown, and Deleted from then on"({
    file,
  }) {
    const store = await openStore({ path: file });
    await store.setCursor("m", 1n);
    const { run } = SqliteDatabase.prototype;
    SqliteDatabase.prototype.run = function (sql) {
      if (sql === "COMMIT") rmSync(file);
      return run.call(this, sql);
    };
    try {
      await fails(store.setCursor("m", 2n), { code: "OutcomeUnknown" });
    } finally {
      SqliteDatabase.prototype.run = run;
    }
    await fails(store.setCursor("m", 3n), { code: "Deleted", retryable: false });
    await store.close();
  },

  async "stores of one file in one process see each other's commits"({ file }) {
    const [one, other] = [await openStore({ path: file }), await openStore({ path: file })];
    const told = [];
    other.watch({}, ({ mob, kinds }) => told.push([mob, ...kinds]));
    await one.setCursor("m", 7n);
    equal(await other.getCursor("m"), 7n);
    equal(told, [["m", "cursor"]]);
    await one.close();
    await other.setCursor("m", 8n);
    await other.close();
  },

  async "a handle of the program's stays the program's"({ file, connect }) {
    const database = connect(file);
    const store = await openStore({ database });
    const { backend, durability } = await store.status();
    equal([backend, durability, store.authorityKey], ["sqlite", "strict", `sqlite:${file}`]);
    await store.setCursor("m", 2n ** 64n - 1n);
    equal(await store.getCursor("m"), 2n ** 64n - 1n);
    await store.close();
    await fails(store.getCursor("m"), { code: "Closed" });
    const values = database.prepare("SELECT value FROM mobkit_metadata").all();
    equal(values, [{ value: "18446744073709551615" }]);
    database.close();
    const again = await openStore({ path: file });
    equal(await again.getCursor("m"), 2n ** 64n - 1n);
    await again.close();
  },

  async "within a transaction of the program's a handle is Blocked, and nothing is written"({
    file,
    connect,
  }) {
    const database = connect(file);
    const blocked = { code: "Blocked", retryable: true };
    database.exec("BEGIN");
    await fails(openStore({ database }), blocked);
    database.exec("COMMIT");
    const store = await openStore({ database });
    database.exec("BEGIN");
    for (const call of [() => store.setCursor("m", 1n), () => store.getCursor("m")])
      await fails(call(), blocked);
    database.exec("ROLLBACK");
    equal(await store.getCursor("m"), undefined);
    await store.setCursor("m", 1n);
    equal(await store.getCursor("m"), 1n);
    await store.close();
    database.close();
  },

  async "a handle in memory keeps nothing, and says so"({ connect }) {
    const database = connect(":memory:");
    await fails(openStore({ database, durability: "strict" }), { code: "Unsupported" });
    const store = await openStore({ database });
    const { backend, durability } = await store.status();
    equal([backend, durability, store.authorityKey], ["sqlite", "none", undefined]);
    await store.setCursor("m", 5n);
    equal(await store.getCursor("m"), 5n);
    await store.close();
    database.close();
  },

  async "a handle that can only read is refused when the store is opened"({ file, connect }) {
    await (await openStore({ path: file })).close();
    const database = connect(file, { readOnly: true });
    await fails(openStore({ database }), { code: "Unsupported", retryable: false });
    database.close();
  },

  async "what is no open handle is refused"({ connect, file }) {
    const closed = connect(file);
    closed.close();
    const asynchronous = { prepare: () => ({ all: (callback) => callback }) };
    for (const wrong of [7, null, "file.sqlite", {}, [], () => {}, closed, asynchronous])
      await fails(openStore({ database: wrong }), { code: "InvalidInput", argument: "options.database" });
  },

  async "calls at once share a transaction, and who is refused is refused alone"({ file, connect }) {
    const database = connect(file);
    let commits = 0;
    const counted = {
      prepare(sql) {
        const statement = database.prepare(sql);
        if (sql !== "COMMIT") return statement;
        return { all: () => ((commits += 1), statement.run(), []) };
      },
    };
    const store = await openStore({ database: counted });
    commits = 0;
    const claim = await store.runtime("r").claim();
    await store.runtime("r").claim();
    commits = 0;
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 20 }, (_, i) => store.setCursor(`m${i}`, 1n)),
      claim.commitSession(new Uint8Array(3)),
      ...Array.from({ length: 20 }, (_, i) => store.setCursor(`n${i}`, 1n)),
    ]);
    equal(commits, 1);
    const refused = outcomes.filter(({ status }) => status === "rejected");
    equal(
      refused.map(({ reason }) => reason.code),
      ["Fenced"],
    );
    equal((await store.mobs()).length, 40);
    await store.close();
    database.close();
  },
};
