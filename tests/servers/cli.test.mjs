// `burrow-store` from a shell: the npm package's in Node, Deno and Bun, and the crate's.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { newId, openStore } from "../../pkg/dist/node.js";
import { root, withTools } from "../../scripts/toolchain.mjs";
import { tool } from "../packaging/consumer.mjs";
import { environments } from "../packaging/environments.mjs";
import { executableOf } from "./build-rules.mjs";
import { filled } from "./filled.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

const cli = path.join(root, "pkg/dist/cli.js");
const node24 = path.join(environments, "node_modules/node24/bin/node");
const RUNTIMES = {
  "Node 24": [node24, cli],
  Deno: [tool("deno"), "run", "--no-remote", "--node-modules-dir=manual", "--allow-all", cli],
  Bun: [tool("bun"), "--no-install", cli],
  "The crate's": [
    executableOf("burrow-store", ["build", "--features", "cli", "--bin", "burrow-store"], withTools()),
  ],
};

const folder = temporaryFolder("cli");
const text = await new Response((await filled(await openStore(), newId)).export()).text();
const lines = path.join(folder, "all.ndjson");
writeFileSync(lines, text);

function begin([program, ...flags], ...args) {
  const child = spawn(program, [...flags, ...args], { cwd: folder });
  const said = { out: "", errors: "" };
  child.stdout.on("data", (data) => (said.out += data));
  child.stderr.on("data", (data) => (said.errors += data));
  child.stdin.on("error", () => {});
  return { child, said, closed: once(child, "close") };
}

/** Runs a command to its end; `input` is what its standard input has. */
async function call(runtime, args, input = "") {
  const { child, said, closed } = begin(runtime, ...args);
  child.stdin.end(input);
  const [code] = await closed;
  return { code, ...said };
}

let files = 0;
const newFile = () => path.join(folder, `${(files += 1)}.sqlite`);

for (const [name, runtime] of Object.entries(RUNTIMES)) {
  test(`${name}: a store goes out and comes in, by files and by pipes`, async () => {
    const [a, b, copy] = [newFile(), newFile(), path.join(folder, `${files}.ndjson`)];
    const imported = await call(runtime, ["import", a, lines]);
    assert.equal(imported.code, 0, imported.errors);
    const { records, written } = JSON.parse(imported.out);
    assert.ok(records > 300 && records === written);
    const exported = await call(runtime, ["export", a, copy]);
    assert.deepEqual([exported.code, exported.errors], [0, ""]);
    assert.ok(readFileSync(copy, "utf8") === text);
    const piped = await call(runtime, ["export", a]);
    assert.ok(piped.out === text);
    assert.deepEqual(JSON.parse((await call(runtime, ["import", b], piped.out)).out), { records, written });
    const verified = await call(runtime, ["verify", b]);
    assert.deepEqual([verified.code, JSON.parse(verified.out)], [0, { records, problems: 0, findings: [] }]);
    const status = JSON.parse((await call(runtime, ["status", b])).out);
    assert.deepEqual([status.backend, status.durability], ["sqlite", "strict"]);
    assert.match(status.authorityKey, /^sqlite:.*\.sqlite$/);
    // Never over another file, and what differs stays.
    const over = await call(runtime, ["export", a, copy]);
    assert.equal(over.code, 1);
    assert.match(over.errors, /^burrow-store: .*exist/);
    assert.ok(readFileSync(copy, "utf8") === text);
  });

  test(`${name}: what it is not called with, it refuses, and leaves nothing behind`, async () => {
    const none = newFile();
    const before = readdirSync(folder);
    for (const [args, code, told] of [
      [[], 2, "no command was given"],
      [["nothing"], 2, 'there is no command "nothing"'],
      [["toString", none], 2, 'there is no command "toString"'],
      [["export"], 2, "export takes the PATH of a store"],
      [["verify", none, "more"], 2, 'unknown argument "more"'],
      [["export", none, "a", "b"], 2, 'unknown argument "b"'],
      [["export", none, "--overwrite"], 2, "--overwrite is for import"],
      [["import", none, "--over"], 2, "unknown option --over"],
      [["export", none], 1, "there is no file"],
      [["status", none], 1, "there is no file"],
      [["verify", none], 1, "there is no file"],
      [["import", none, `${none}.ndjson`], 1, "there is no file"],
      [["status", lines], 1, "file is not a database"],
    ]) {
      const { code: is, out, errors } = await call(runtime, args);
      assert.deepEqual([is, out], [code, ""], `${args}: ${errors}`);
      assert.ok(errors.startsWith("burrow-store: ") && errors.includes(told), errors);
      assert.equal(errors.split("\n").length, 2, errors);
    }
    const help = await call(runtime, ["export", "--help"]);
    assert.deepEqual([help.code, help.errors], [0, ""]);
    assert.match(help.out, /burrow-store verify PATH/);
    assert.equal(help.out, (await call(RUNTIMES["Node 24"], ["-h"])).out);
    assert.deepEqual(readdirSync(folder), before);
  });
}

test("what is cut off or damaged is told, and what differs is overwritten only where that was asked for", async () => {
  const file = newFile();
  const cut = await call(RUNTIMES["Node 24"], ["import", file], text.slice(0, -1000));
  assert.deepEqual([cut.code, cut.out], [1, ""]);
  assert.match(cut.errors, /source: it was cut off after line \d+/);
  const store = path.join(folder, "other.ndjson");
  const other = await filled(await openStore(), newId);
  writeFileSync(store, await new Response(other.export()).text());
  const whole = await call(RUNTIMES["Node 24"], ["import", file, lines]);
  assert.ok(JSON.parse(whole.out).written < JSON.parse(whole.out).records);
  const differs = await call(RUNTIMES["Node 24"], ["import", file, store]);
  assert.match(differs.errors, /conflict: source: line \d+: the store has another record under/);
  const over = await call(RUNTIMES["Node 24"], ["import", file, store, "--overwrite"]);
  assert.equal(over.code, 0, over.errors);
});

test("what is hostile is refused in one line, steers no terminal, and takes no more memory than a line may", async () => {
  const runtime = RUNTIMES["Node 24"];
  const file = newFile();
  const [header, ...rest] = text.split("\n");
  const escapes = "\u001b[2J\u009b31m\u202e\nburrow-store: all is well";
  const state = JSON.stringify({
    table: "runtime_states",
    key: ["r"],
    json: JSON.stringify(escapes),
    sum: "0".repeat(32),
  });
  const one = rest[0];
  for (const [name, source] of [
    ["no export", escapes],
    ["a state that steers", `${header}\n${state}\n`],
    ["the first line twice", `${header}\n${header}\n`],
    ["a record twice", `${header}\n${one}\n${one}\n`],
    ["another order", [header, rest[1], rest[0], ...rest.slice(2)].join("\n")],
    ["a line that is missing", [header, ...rest.slice(1)].join("\n")],
    ["something behind the end", `${text}${one}\n`],
    ["no lines but line feeds", "\n".repeat(1_000_000)],
    ["deep JSON", `${header}\n${"[".repeat(1_000_000)}\n`],
    [
      "members of prototypes",
      `${header}\n${one.replace("{", '{"__proto__":{"table":"x"},"constructor":7,')}\n`,
    ],
    [
      "a table named as a member of all objects",
      `${header}\n${one.replace(/"table":"\w+"/, '"table":"__proto__"')}\n`,
    ],
  ]) {
    const { code, out, errors } = await call(runtime, ["import", file], source);
    assert.deepEqual([code, out], [1, ""], name);
    assert.match(errors, /^burrow-store: [^\u0000-\u001f\u007f-\u009f\u202e]+\n$/, name);
    assert.ok(errors.length < 500, `${name}: ${errors.length} characters`);
  }
  const { errors } = await call(runtime, ["export", `${file}${escapes}`]);
  assert.match(errors, /^burrow-store: there is no file [^\u0000-\u001f\u007f-\u009f\u202e]+\n$/);

  // A gigabyte without a line feed: it is read no further than the longest line there may be.
  const { child, said, closed } = begin(runtime, "import", file);
  const part = Buffer.alloc(2 ** 20, "x");
  let written = 0;
  while (written < 2 ** 30 && child.exitCode === null) {
    if (!child.stdin.write(part))
      await Promise.race([new Promise((resolve) => child.stdin.once("drain", resolve)), closed]);
    written += part.length;
  }
  child.stdin.end();
  assert.equal((await closed)[0], 1);
  assert.match(said.errors, /line 1: it has more than \d+ bytes/);
  assert.ok(written < 2 ** 28, `${written} bytes were taken`);
});

test("an import that is killed in the middle is completed by another", async () => {
  const file = newFile();
  const runtime = RUNTIMES["Node 24"];
  for (let part = 1; part < 8; part++) {
    const { child, closed } = begin(runtime, "import", file);
    child.stdin.write(text.slice(0, (text.length / 8) * part));
    await new Promise((resolve) => setTimeout(resolve, 300 + 40 * part));
    child.kill("SIGKILL");
    const [, signal] = await closed;
    assert.equal(signal, "SIGKILL");
  }
  const { code, errors, out } = await call(runtime, ["import", file, lines]);
  assert.equal(code, 0, errors);
  const { records, written } = JSON.parse(out);
  assert.ok(written < records, `${written} of ${records}: nothing was committed before a kill`);
  assert.ok((await call(runtime, ["export", file])).out === text);
  assert.equal((await call(runtime, ["verify", file])).code, 0);
});
