// What `connect` takes for an answer, and what for none, whoever stands between it and the service.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BurrowError, connect } from "../../pkg/dist/connect.js";
import * as node from "../../pkg/dist/node.js";
import { serve } from "../../pkg/dist/serve.js";
import { callsOf } from "../border/calls.mjs";
import { fails } from "../support/expect.mjs";

/** What a store in memory answers to each request, or what `faults` makes of it: `calls` of a message, `rpc` of JSON-RPC. */
async function reached(t, { timeout = 150 } = {}) {
  const kept = await node.openStore({ backend: "memory" });
  const faults = {};
  const noted = globalThis.fetch;
  t.after(() => (globalThis.fetch = noted));
  const answers = {
    calls: async (body) => new Response(await serve(kept, new Uint8Array(body))),
    rpc: async (body, { searchParams }) =>
      new Response(await kept.rpc(body), { headers: { "burrow-request": searchParams.get("request") } }),
  };
  globalThis.fetch = async (url, { body }) => {
    const part = url.pathname.split("/").at(-1);
    const response = await answers[part](body, url);
    return (await faults[part]?.(response, body)) ?? response;
  };
  const store = await connect({ url: "http://edge.invalid/mobs/m", token: "t", timeout });
  return { store, kept, faults };
}

/** The same head of an answer with other answers. */
const answering = (answers, bytes = "") => {
  return async (response) => {
    const [head] = (await response.text()).split("\n", 1);
    return new Response(`${JSON.stringify({ ...JSON.parse(head), answers })}\n${bytes}`);
  };
};

test("an answer that names no batch, another batch or another client is none", async (t) => {
  const { store, faults } = await reached(t);
  const changed = (change) => async (response) => {
    const [head, ...rest] = (await response.text()).split("\n");
    return new Response([JSON.stringify(change(JSON.parse(head))), ...rest].join("\n"));
  };
  for (const fault of [
    () => new Response('{"answers":[{"value":"junk"}]}'),
    () => new Response('{"answers":[{"value":null}]}'),
    changed(({ answers }) => ({ answers })),
    changed((head) => ({ ...head, batch: head.batch - 1 })),
    changed((head) => ({ ...head, batch: String(head.batch) })),
    changed((head) => ({ ...head, client: "0".repeat(32) })),
    changed((head) => ({ ...head, answers: [...head.answers, { value: null }] })),
    changed((head) => ({ ...head, answers: [] })),
    changed((head) => ({ ...head, answers: {} })),
  ]) {
    faults.calls = fault;
    await fails(store.setCursor("m", 1n), { code: "OutcomeUnknown", retryable: false });
    await fails(store.getCursor("m"), { code: "ReadFailed", retryable: true });
  }
});

test("a proxy that answers with the previous answer acknowledges nothing; the next attempt has its own", async (t) => {
  const { store, kept, faults } = await reached(t, { timeout: 2000 });
  let previous;
  let replayed = 0;
  faults.calls = async (response) => {
    const bytes = await response.arrayBuffer();
    const given = previous && replayed++ % 2 === 0 ? previous : bytes;
    previous = bytes;
    return new Response(given);
  };
  await store.setCursor("m", 1n);
  for (const [cursor, session] of [
    [2n, "b"],
    [3n, "c"],
  ]) {
    await store.setCursor("m", cursor);
    await store.runtime("r").commitSession(new TextEncoder().encode(session));
    assert.equal(await store.getCursor("m"), cursor);
    assert.equal(String.fromCharCode(...(await store.runtime("r").session())), session);
    assert.equal(await kept.getCursor("m"), cursor);
  }
  assert.ok(replayed > 8);
  // Nothing but previous answers: a commit that is carried out is not known to be.
  faults.calls = async (response) => {
    void response;
    return new Response(previous);
  };
  await fails(store.setCursor("m", 9n), { code: "OutcomeUnknown" });
});

test("what answers another JSON-RPC request is none", async (t) => {
  const { store, faults } = await reached(t);
  const request = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "burrow/cursor/get",
    params: { mob_id: "m" },
  });
  let previous;
  faults.rpc = async (response) => {
    previous = response.clone();
    return response;
  };
  assert.equal(JSON.parse(await store.rpc(request)).id, 1);
  for (const fault of [() => previous, () => new Response("{}"), () => new Response(null, { status: 204 })]) {
    faults.rpc = fault;
    await fails(store.rpc(request), { code: "OutcomeUnknown" });
  }
});

/** Values, and what they bring in bytes, that most calls do not answer with. */
const ODD = [
  ...["junk", "", "null", "7", "[7]", "[null]", "[[]]", "{}", "[{}]", '{"a":1}', '{"a":', "{},{}", "1 junk"],
  ...['{"run_id":"r","sequence":"x","message_count":1}', '[{"run_id":"r","sequence":1.5,"message_count":1}]'],
  ...['{"epoch_id":"e","cursors":null}', '[{"input_id":"i","last_boundary_sequence":{}}]'],
  ...['[{"mob":"m","labels":7}]', '[{"id":"i","table":"t","key":["k"],"bytes":"é"}]', '{"backend":"memory"}'],
  ...["[".repeat(100_000) + "1".repeat(20) + "]".repeat(100_000), "junk junk"],
  ...[7, 1.5, true, null, { bigint: "-1" }, { bigint: "99999999999999999999" }, { bytes: 3 }],
  ...[{ number: "NaN" }, { other: "null" }, { other: "an array" }, { other: "an object of type X" }],
  ...[[], ["junk"], [7], [null, null], Array(6).fill(null), Array(6).fill("junk"), [7, 7, 7, 7, 7, "junk"]],
  ...[{ junk: 1 }, {}, [[]], [{}], { value: "junk" }],
];

/** The methods that send no call to the service, at least as they are called here. */
const KEPT_HERE = [
  ...["runtime", "watch", "changes", "export", "import", "verify", "reseal", "persist", "flush", "rpc"],
];

test("whatever a service answers to a call, it is of the call's own form or an error of burrow's", async (t) => {
  const { store, faults } = await reached(t, { timeout: 2 });
  const calls = callsOf({ newId: node.newId, exported: "" });
  const runtime = store.runtime("agent");
  const taken = new Map();
  for (const [of, target] of [
    ["store", store],
    ["runtime", runtime],
  ]) {
    for (const [name, make] of Object.entries(calls[of])) {
      if (KEPT_HERE.includes(name)) continue;
      for (const value of ODD) {
        faults.calls = answering([{ value }], JSON.stringify(value)?.includes("bytes") ? "abc" : "");
        const outcome = await target[name](...(await make())).then(
          (answer) => ({ answer }),
          (error) => ({ error }),
        );
        const what = `${name}: ${JSON.stringify(value).slice(0, 80)}`;
        if ("answer" in outcome) taken.set(name, [...(taken.get(name) ?? []), outcome.answer]);
        else {
          assert.ok(outcome.error instanceof BurrowError, `${what}: ${outcome.error?.stack}`);
          assert.ok(["ReadFailed", "OutcomeUnknown"].includes(outcome.error.code), what);
        }
      }
    }
  }
  // A value that was accepted must be one that the method may resolve with.
  const is = {
    undefined: (value) => value === undefined,
    bytes: (value) => value === undefined || value instanceof Uint8Array,
    cursor: (value) => value === undefined || typeof value === "bigint",
    texts: (value) => value.every((text) => typeof text === "string"),
    labels: (value) => Object.values(value).every((text) => typeof text === "string"),
    text: (value) => value === undefined || typeof value === "string",
  };
  const FORMS = {
    ...{ getLabels: "labels", deleteLabels: "labels", patchLabels: "labels", getCursor: "cursor" },
    ...{ mobs: "texts", runtimes: "texts", runs: "texts", inputIds: "texts", oauthFlows: "bytes" },
    ...{ session: "bytes", state: "text", advanceCursor: "cursor" },
  };
  for (const [name, answers] of taken) {
    const form = is[FORMS[name] ?? "undefined"];
    const wrong = answers.filter((answer) => !form(answer));
    assert.deepEqual(wrong, [], name);
  }
  for (const name of ["setCursor", "getCursor", "mobs", "session", "commitBoundary"])
    assert.ok(taken.has(name), name);
});

test("status that is none is refused when connecting and later", async (t) => {
  const { store, faults } = await reached(t);
  for (const value of ["null", "7", "{}", '{"backend":"b","durability":"d","reopens":0,"lastError":7}']) {
    faults.calls = answering([{ value }]);
    await fails(store.status(), { code: "ReadFailed" });
    await fails(connect({ url: "http://edge.invalid/", token: "t", timeout: 50 }), { code: "ReadFailed" });
  }
});

test("an address where plain HTTP says 401, 403 or 404 is Unauthorized or NotFound at once", async (t) => {
  const { store, faults } = await reached(t, { timeout: 60_000 });
  for (const [status, code] of [
    [401, "Unauthorized"],
    [403, "Unauthorized"],
    [404, "NotFound"],
  ]) {
    for (const body of [null, "", "<!doctype html>", "{}", '{"error":"no"}']) {
      let asked = 0;
      faults.calls = faults.rpc = () => ((asked += 1), new Response(body, { status }));
      const refused = { code, retryable: false };
      await fails(connect({ url: "http://edge.invalid/", token: "t" }), refused);
      await fails(store.setCursor("m", 1n), refused);
      await fails(store.getCursor("m"), refused);
      await fails(store.rpc("{}"), refused);
      assert.equal(asked, 4);
    }
  }
});

test("a socket that tells what is no change in scope is lost, and opened anew", async (t) => {
  const sockets = [];
  const noted = globalThis.WebSocket;
  t.after(() => (globalThis.WebSocket = noted));
  globalThis.WebSocket = class {
    OPEN = 1;
    readyState = 1;
    constructor() {
      sockets.push(this);
      setTimeout(() => this.onopen());
    }
    send() {}
    close() {
      this.readyState = 3;
      setTimeout(() => this.onclose?.({ code: 1000, reason: "" }));
    }
  };
  await reached(t);
  const watched = async () => {
    const states = [];
    const onWatching = (lost) => states.push(lost ? lost.code : "watching");
    const watching = await connect({ url: "http://edge.invalid/", token: "t", onWatching });
    const changes = watching.changes({ mob: "m" });
    await until(() => states.length === 1);
    return { states, watching, changes };
  };
  const odd = [
    ...[
      "junk",
      "",
      "7",
      "null",
      "[]",
      "{}",
      '{"mob":"m"}',
      '{"mob":"m","kinds":7}',
      '{"mob":"m","kinds":[7]}',
    ],
    ...['{"mob":"other","kinds":["cursor"]}', '{"runtime":"m","kinds":["session"]}', '{"kinds":["cursor"]}'],
    ...['{"mob":"m","runtime":"r","kinds":["cursor"]}', new ArrayBuffer(3)],
  ];
  for (const data of odd) {
    const { states, watching, changes } = await watched();
    const socket = sockets.at(-1);
    socket.onmessage({ data });
    await until(() => sockets.at(-1) !== socket && states.length === 3);
    assert.equal(socket.readyState, 3, `${data} was taken`);
    assert.deepEqual(states, ["watching", "ReadFailed", "watching"]);
    const change = { mob: "m", kinds: ["cursor"] };
    sockets.at(-1).onmessage({ data: JSON.stringify(change) });
    assert.deepEqual(await changes.next(), { done: false, value: change });
    await watching.close();
  }
  // One that is closed whenever it has opened.
  const before = sockets.length;
  const { watching } = await watched();
  const closing = setInterval(() => sockets.at(-1).close());
  await new Promise((resolve) => setTimeout(resolve, 1000));
  clearInterval(closing);
  assert.ok(sockets.length - before < 8, `${sockets.length - before} sockets in a second`);
  await watching.close();
});

test("a request that goes on although it was aborted is given up in time", async (t) => {
  const { store } = await reached(t);
  const never = () => new Promise(() => {});
  for (const fetching of [never, async () => ({ arrayBuffer: never })]) {
    globalThis.fetch = fetching;
    await fails(store.getCursor("m"), { code: "ReadFailed", retryable: true });
    await fails(store.rpc("{}"), { code: "OutcomeUnknown" });
    await fails(store.setCursor("m", 1n), { code: "OutcomeUnknown" });
  }
});

async function until(isSo) {
  for (let i = 0; !isSo(); i++) {
    assert.ok(i < 1000, String(isSo));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
