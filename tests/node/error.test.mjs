// Errors as values: printed, cloned, sent as JSON; and the caller's own, which must not end the process.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { inspect } from "node:util";
import { BurrowError, openStore } from "../../pkg/dist/node.js";

const FULL = { retryable: true, argument: "a [b]", table: "t", key: '[x, "y [z]"]', usage: 1, quota: 2 };

test("an error prints what it has, and no member that is not set", () => {
  const error = new BurrowError("Closed", "closed: open it again");
  assert.deepEqual(Object.keys(error), ["code", "retryable"]);
  assert.equal(/undefined|argument|name:/.test(inspect(error)), false);
  assert.equal(String(error).startsWith("BurrowError: closed: open it again"), true);
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(error))).sort(), [
    "code",
    "message",
    "name",
    "retryable",
  ]);
  assert.equal("cause" in error, false);
});

test("an error comes back from clones and from JSON with all that it tells", () => {
  const cause = new BurrowError("Internal", "inner", {
    cause: new DOMException("full", "QuotaExceededError"),
  });
  const error = new BurrowError("Decode", 'cannot decode {"x"} [burrow Closed]', { ...FULL, cause });
  const plain = ({ stack: _, cause: __, ...members }) => ({ ...members });
  for (const back of [
    error,
    structuredClone(error),
    structuredClone(error.toJSON()),
    JSON.parse(JSON.stringify(error)),
  ]) {
    const again = BurrowError.from(back);
    assert.equal(again instanceof BurrowError && again instanceof Error, true);
    assert.deepEqual(
      { ...plain(again), message: again.message },
      { code: "Decode", ...FULL, message: error.message },
    );
    assert.deepEqual(BurrowError.from(structuredClone(again)).toJSON().message, error.message);
  }
  const { cause: inner } = BurrowError.from(JSON.parse(JSON.stringify(error)));
  assert.deepEqual(
    [inner.code, inner.cause.name, inner.cause.message],
    ["Internal", "QuotaExceededError", "full"],
  );
});

test("what is no error of burrow's comes back as undefined", () => {
  const others = [
    undefined,
    null,
    1,
    "x",
    {},
    // A sandbox's globals claim to have every member.
    new Proxy({}, { has: () => true }),
    new Error("x"),
    new Error("x [Closed]"),
    { code: "Closed", message: "x" },
  ];
  for (const other of [...others, { name: "BurrowError" }]) {
    assert.equal(BurrowError.from(other), undefined);
  }
});

test("a revoked proxy that is thrown or returned ends no process", () => {
  const program = `
    import { openStore } from ${JSON.stringify(new URL("../../pkg/dist/node.js", import.meta.url).href)};
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const store = await openStore({ backend: "memory" });
    await store.updateOauthFlows(() => { throw proxy; }).catch((error) => console.log(error === proxy));
    await store.updateOauthFlows(() => proxy).catch(({ code }) => console.log(code));
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(await store.oauthFlows());`;
  const args = ["--input-type=module", "-e", program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(stdout, "true\nInvalidInput\nundefined\n", stderr);
  assert.equal(status, 0);
});

test("a listener that throws or rejects ends no process, and the others are told", () => {
  const program = `
    import { openStore } from ${JSON.stringify(new URL("../../pkg/dist/node.js", import.meta.url).href)};
    const store = await openStore({ backend: "memory" });
    store.watch({}, () => { throw new Error("thrown by a listener"); });
    store.watch({}, async () => { throw new Error("rejected by a listener"); });
    store.watch({}, () => ({ get then() { throw new Error("thrown by a getter"); } }));
    store.watch({}, () => console.log("told"));
    await store.setCursor("m", 1n);
    await store.updateOauthFlows(async () => { throw new Error("rejected"); }).catch(({ code }) => console.log(code));
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log("alive", await store.getCursor("m"));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  assert.equal(stdout, "told\nInvalidInput\nalive 1n\n");
  assert.equal(status, 0);
  for (const reported of ["thrown by a listener", "rejected by a listener", "thrown by a getter"]) {
    assert.equal(stderr.includes(reported), true, stderr);
  }
});

test("the package loads where the prototypes of errors are frozen, and errors are what they are elsewhere", () => {
  const program = `
    const frozen = process.argv.includes("frozen");
    if (frozen) for (const { prototype } of [Error, RangeError]) Object.freeze(prototype);
    const { BurrowError, openStore } = await import(${JSON.stringify(new URL("../../pkg/dist/node.js", import.meta.url).href)});
    const store = await openStore({ backend: "memory" });
    const error = await store.getCursor("").catch((error) => error);
    const own = Object.getOwnPropertyDescriptor(BurrowError.prototype, "name");
    const sent = JSON.parse(JSON.stringify(new BurrowError("Closed", "x", { cause: new RangeError("y") })));
    const { code, cause } = BurrowError.from(sent) ?? {};
    console.log(JSON.stringify([String(error), error.toJSON(), own, Object.keys(error), sent, code, String(cause)]));`;
  const outcomes = ["", "frozen"].map((how) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", program, how], { encoding: "utf8" }),
  );
  const [{ stdout: elsewhere }, { stdout, stderr }] = outcomes;
  assert.deepEqual([stdout, stderr], [elsewhere, ""]);
  assert.match(stdout, /"RangeError: y"\]\n$/);
});
