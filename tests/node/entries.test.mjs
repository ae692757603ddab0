// The package's entries, in Node: what importing them does, how the module is loaded, and how they get along.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as browser from "../../pkg/dist/browser.js";
import * as connect from "../../pkg/dist/connect.js";
import * as inline from "../../pkg/dist/inline.js";
import * as node from "../../pkg/dist/node.js";
import * as serve from "../../pkg/dist/serve.js";
import { entry } from "../../pkg/dist/entry.js";
import bindings from "../../pkg/wasm/server-bindings.js";
import { fails } from "../support/expect.mjs";

const require = createRequire(import.meta.url);
const common = require("../../pkg/cjs/node.js");
const modules = { connect, serve };
const wasmUrl = new URL("../../pkg/wasm/server_bg.wasm", import.meta.url);
const wasmOfBrowsers = new URL("../../pkg/wasm/burrow_bg.wasm", import.meta.url);
const bytes = await readFile(wasmUrl);
const asResponse = (type) => new Response(bytes, { headers: { "content-type": type } });

/** A new entry, which counts how often it looks for its wasm. */
function counted(source = () => bytes) {
  let loads = 0;
  const counting = () => {
    loads += 1;
    return source();
  };
  return { ...entry({ bindings, wasm: counting }), loads: () => loads };
}

async function works({ openStore }) {
  const store = await openStore();
  await store.setCursor("m", 2n ** 64n - 1n);
  assert.equal(await store.getCursor("m"), 2n ** 64n - 1n);
}

test("every entry exports the same, and works", async () => {
  for (const burrow of [node, common, inline]) {
    assert.deepEqual(Object.keys(burrow).sort(), [
      "BurrowError",
      "deleteStore",
      "init",
      "newId",
      "openStore",
    ]);
    await works(burrow);
  }
  assert.deepEqual(Object.keys(browser).sort(), Object.keys(node).sort());
});

test("what connects and what serves are entries of their own", () => {
  for (const [name, functions] of [
    ["connect", ["BurrowError", "connect"]],
    ["serve", ["BurrowError", "LONGEST_MESSAGE", "serve"]],
  ]) {
    for (const burrow of [modules[name], require(`../../pkg/cjs/${name}.js`)])
      assert.deepEqual(Object.keys(burrow).sort(), functions);
  }
});

test("what one entry opened another serves, of modules and of CommonJS", async () => {
  const call = { call: "getCursor", args: ["m"] };
  const asked = { client: "0".repeat(32), batch: 1 };
  const message = new TextEncoder().encode(JSON.stringify({ version: 2, ...asked, calls: [call] }));
  for (const { openStore } of [node, common, inline]) {
    const store = await openStore();
    await store.setCursor("m", 7n);
    for (const { serve } of [modules.serve, require("../../pkg/cjs/serve.js")]) {
      const answer = new TextDecoder().decode(await serve(store, message));
      assert.equal(answer, `${JSON.stringify({ ...asked, answers: [{ value: { bigint: "7" } }] })}\n`);
    }
  }
});

test("importing an entry touches nothing: no file is read, nothing fetched, nothing compiled", () => {
  const program = `
    const touched = [];
    const { default: fs } = await import("node:fs/promises");
    const { syncBuiltinESMExports } = await import("node:module");
    const { readFile } = fs;
    // Node itself reads the scripts.
    fs.readFile = (file, ...rest) => {
      if (String(file).endsWith(".wasm")) touched.push("readFile");
      return readFile(file, ...rest);
    };
    for (const [of, name] of [[globalThis, "fetch"], [globalThis, "atob"], [WebAssembly, "compile"],
      [WebAssembly, "instantiate"], [globalThis, "setTimeout"], [globalThis, "addEventListener"]])
      of[name] = () => touched.push(name);
    syncBuiltinESMExports();
    const globals = Object.getOwnPropertyNames(globalThis).length;
    for (const name of ["browser", "node", "inline", "connect", "serve"]) await import(new URL(name + ".js", ${JSON.stringify(
      new URL("../../pkg/dist/", import.meta.url).href,
    )}));
    if (Object.getOwnPropertyNames(globalThis).length !== globals) touched.push("globals");
    console.log(JSON.stringify(touched));
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  assert.equal(printed.trim(), "[]");
});

test("the module is taken from bytes, a file, a response, the promise of one, or compiled", async () => {
  const sources = [
    bytes,
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    asResponse("application/wasm"),
    asResponse("application/wasm; charset=utf-8"),
    asResponse("text/plain"),
    Promise.resolve(asResponse("application/wasm")),
    await WebAssembly.compile(bytes),
  ];
  for (const source of sources) {
    const burrow = counted();
    await burrow.init(source);
    await works(burrow);
    assert.equal(burrow.loads(), 0);
  }
  const script = `
    const { init, newId } = await import(${JSON.stringify(new URL("../../pkg/dist/node.js", import.meta.url).href)});
    await init(${JSON.stringify(wasmUrl.href)});
    await init(new URL(${JSON.stringify(wasmUrl.href)}));
    console.log((await newId()).length);
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script]);
  assert.equal(String(printed).trim(), "36");
});

test("calls at once share one load, and a later one loads no more", async () => {
  const burrow = counted();
  await Promise.all([burrow.init(), works(burrow), burrow.newId(), burrow.init(bytes), works(burrow)]);
  await burrow.init();
  await burrow.init(Promise.reject(new Error("a download that nobody needs")));
  assert.equal(burrow.loads(), 1);
});

test("a load that failed is LoadFailed with its cause, and the next call loads again", async () => {
  let attempts = 0;
  const cause = new TypeError("fetch failed");
  const burrow = counted(() => (attempts++ < 2 ? Promise.reject(cause) : bytes));
  const failures = await Promise.allSettled([burrow.init(), burrow.openStore(), burrow.newId()]);
  for (const { reason } of failures) {
    assert.deepEqual([reason.code, reason.retryable, reason.cause], ["LoadFailed", true, cause]);
  }
  assert.equal(burrow.loads(), 1);
  await fails(burrow.newId(), { code: "LoadFailed", cause });
  await works(burrow);
  assert.equal(burrow.loads(), 3);
});

test("what cannot be the module is LoadFailed, says what it is, and leaves the next load alone", async () => {
  const other = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const answer = (body, init) => new Response(body, init);
  const failures = [
    [new Uint8Array(8), false, /not the module/],
    [other, false, /not the module/],
    [wasmOfBrowsers, false, /not the module/],
    [answer("<!doctype html>"), false, /HTML page.*burrow-store\/inline/],
    [answer("gone", { status: 404 }), false, /404.*burrow-store\/inline/],
    [answer("wait", { status: 503 }), true, /503.*try again/],
    [new URL("file:///no/such.wasm"), false, /no such file.*burrow-store\/inline/],
    ["/no/such.wasm", false, /no such file/],
    ["http://127.0.0.1:1/", true, /could not be fetched/],
  ];
  for (const [source, retryable, message] of failures) {
    const burrow = counted();
    const error = await burrow.init(source).catch((error) => error);
    assert.deepEqual([error.code, error.retryable], ["LoadFailed", retryable], String(error));
    assert.match(error.message, message);
    await works(burrow);
    assert.equal(burrow.loads(), 1);
  }
});

test("a module that a host refuses to compile is LoadFailed, and says what would do", async (t) => {
  for (const [said, advice] of [
    ["violates the following Content Security Policy directive", /script-src needs 'wasm-unsafe-eval'/],
    ["call to WebAssembly.compileStreaming() blocked by CSP", /script-src needs 'wasm-unsafe-eval'/],
    ["Wasm code generation disallowed by embedder", /call init\(WebAssembly.Module\)/],
  ]) {
    const refuse = async () => {
      throw new WebAssembly.CompileError(said);
    };
    const compile = t.mock.method(WebAssembly, "compile", refuse);
    const error = await counted()
      .openStore()
      .catch((error) => error);
    compile.mock.restore();
    assert.deepEqual([error.code, error.retryable, error.cause.message], ["LoadFailed", false, said]);
    assert.match(error.message, advice);
  }
});

test("a missing global is LoadFailed with its name", async (t) => {
  const { fetch } = globalThis;
  t.after(() => (globalThis.fetch = fetch));
  delete globalThis.fetch;
  const error = await counted(() => "https://127.0.0.1/x.wasm")
    .openStore()
    .catch((error) => error);
  assert.deepEqual([error.code, error.retryable], ["LoadFailed", false]);
  assert.match(error.message, /fetch is not defined/);
});

test("a load that never ends is overtaken by init with a good source, for those who waited before too", async () => {
  const burrow = counted(() => new Promise(() => {}));
  const waiting = works(burrow);
  await assert.rejects(Promise.race([burrow.init(new Uint8Array(8)), late()]), /not yet/);
  await burrow.init(bytes);
  await waiting;
});

test("a load that was overtaken keeps no process alive", () => {
  const printed = runScript(`
    const { entry } = await import(DIST + "entry.js");
    const { default: bindings } = await import(DIST + "../wasm/server-bindings.js");
    const { init, newId } = entry({ bindings, wasm: () => new Promise(() => {}) });
    const waiting = newId();
    await init(BYTES);
    const start = performance.now();
    process.on("exit", () => console.log(performance.now() - start < 20_000));
    console.log((await waiting).length);
  `);
  assert.equal(printed, "36\ntrue\n");
});

const late = () => new Promise((_, reject) => setTimeout(reject, 50, new Error("not yet")));

test("a load that never ends is LoadFailed in time, and the next call loads again", () => {
  const printed = runScript(`
    // A thousand times as fast, until the load that never ends has failed.
    const { setTimeout } = globalThis;
    let haste = 1000;
    globalThis.setTimeout = (work, ms) => setTimeout(work, ms / haste);
    const { entry } = await import(DIST + "entry.js");
    const { default: bindings } = await import(DIST + "../wasm/server-bindings.js");
    let loads = 0;
    const wasm = () => (loads++ === 0 ? new Promise(() => {}) : BYTES);
    const { openStore, init } = entry({ bindings, wasm });
    for (const error of await Promise.all([openStore().catch((e) => e), init().catch((e) => e)]))
      console.log(error.code, error.retryable, /no answer in 30 s/.test(error.message));
    haste = 1;
    console.log((await (await openStore()).status()).backend);
  `);
  assert.equal(printed, "LoadFailed true true\nLoadFailed true true\nmemory\n");
});

test("where WebAssembly is switched off it is Unsupported", () => {
  const script = `
    const { openStore } = await import(DIST + "node.js");
    const error = await openStore().catch((error) => error);
    console.log(error.code, error.retryable, error.message);
  `;
  assert.match(runScript(script, "--jitless"), /^Unsupported false WebAssembly is switched off here/);
});

test("what somebody has added to Object.prototype stops nothing", () => {
  for (const added of ["text", "value", "writable"]) {
    for (const how of ["import", "require"]) {
      const printed = runScript(`
        const { createRequire } = await import("node:module");
        const require = createRequire(DIST + "x.js");
        Object.prototype[${JSON.stringify(added)}] = "a pollutant";
        const { openStore } = ${how === "import" ? 'await import(DIST + "node.js")' : 'require("../cjs/node.js")'};
        const store = await openStore({ backend: "memory" });
        await store.setLabels({ mob: "m" }, { env: "dev" });
        await store.runtime("r").commitSession(new Uint8Array(3));
        process.stdout.write((await store.getLabels({ mob: "m" })).env);
      `);
      assert.equal(printed, "dev", `${added}, ${how}`);
    }
  }
});

/** What a program prints that finds the package's files at DIST, and the module's bytes as BYTES. */
function runScript(script, ...flags) {
  const names = `
    const DIST = ${JSON.stringify(new URL("../../pkg/dist/", import.meta.url).href)};
    const BYTES = (await import("node:fs")).readFileSync(new URL(${JSON.stringify(wasmUrl.href)}));
  `;
  const args = [...flags, "--input-type=module", "--eval", names + script];
  return execFileSync(process.execPath, args, { encoding: "utf8" });
}

test("a source of the wrong kind is refused by name, before and after the module is loaded", async () => {
  const burrow = counted();
  const refused = { code: "InvalidInput", argument: "source", retryable: false };
  const refuse = async () => {
    for (const source of [7, null, true, {}, [], () => bytes]) await fails(burrow.init(source), refused);
  };
  await refuse();
  await fails(burrow.init(Promise.resolve(7)), refused);
  assert.equal(burrow.loads(), 0);
  await works(burrow);
  await refuse();
});

test("an error is known by every entry and copy, and nothing else is", async () => {
  const refused = (burrow) => burrow.openStore({ name: "" }).catch((error) => error);
  const errors = await Promise.all([node, common, inline].map(refused));
  for (const error of errors) {
    for (const { BurrowError } of [node, common, inline, browser]) {
      assert.ok(error instanceof BurrowError);
      assert.ok(error instanceof Error);
    }
  }
  class Special extends node.BurrowError {}
  assert.ok(new Special("Conflict", "made by a test") instanceof node.BurrowError);
  assert.ok(!(errors[0] instanceof Special));
  for (const other of [new Error("x"), { code: "Conflict" }, null, undefined, "Conflict"]) {
    assert.ok(!(other instanceof node.BurrowError));
  }
});
