// What is no message is refused by the edge service, and nothing comes of it.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after } from "node:test";
import { gzipSync } from "node:zlib";
import { attacked, MOB, refused, setCursor } from "./attacked.mjs";
import { ask, message, startEdge } from "./edge.mjs";

const { url, close } = await startEdge();
after(close);
const { token, calls, attack } = await attacked(url);

attack("bodies that break off", async () => {
  const whole = message([setCursor]);
  for (const written of ["", whole.slice(0, 40), whole]) {
    const { error } = await calls(
      (request) => {
        request.on("error", () => {});
        request.write(written);
        setTimeout(() => request.destroy(), 50);
      },
      { headers: { "content-length": whole.length + 1 } },
    );
    assert.ok(error);
  }
});

attack("bodies that are no messages", async () => {
  const deep = (depth) => "[".repeat(depth) + "]".repeat(depth);
  const nested = `{"calls":${'{"a":'.repeat(100_000)}1${"}".repeat(100_001)}`;
  for (const body of [
    "",
    "\n",
    "null",
    "7",
    "[]",
    '"text"',
    "{",
    "{}",
    deep(10),
    deep(1_000_000),
    nested,
    Buffer.from([0xff, 0xfe, 0x0a]),
    randomBytes(5000),
    gzipSync(message([setCursor])),
    message([setCursor]).slice(0, -10),
    `\ufeff\ufeff${message([setCursor])}`,
    "a=b&c=d",
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "burrow/cursor/set", params: { cursor: 1 } }),
  ])
    refused(await calls(body), 400, "InvalidInput");
});

attack("messages whose calls are none: not even the first of them is carried out", async () => {
  const fails = async (body, code = "InvalidInput") => refused(await calls(body), 400, code);
  await fails(message([]));
  await fails(message({ 0: setCursor, length: 1 }));
  await fails(message(Array(101).fill(setCursor)));
  for (const version of [1, 3]) await fails(message([setCursor], { version }), "Unsupported");
  for (const version of [undefined, "1", null]) await fails(message([setCursor], { version }));
  for (const client of [undefined, "", "x".repeat(32), "A".repeat(32), 7, ["0".repeat(32)], "0".repeat(33)])
    await fails(message([setCursor], { client }));
  for (const batch of [undefined, -1, 1.5, 2 ** 53, "1", [1]]) await fails(message([setCursor], { batch }));
  await fails(message([setCursor], { more: 1 }));
  // Where a member occurs twice the last value counts, as in JSON.parse.
  await fails(message([setCursor]).replace('"batch":1', '"batch":1,"batch":-1'));
  for (const call of [
    null,
    7,
    "setCursor",
    [],
    {},
    { ...setCursor, args: undefined },
    { ...setCursor, args: "m" },
    { ...setCursor, args: Array(9).fill(1) },
    { ...setCursor, args: [["m"], { bigint: "1" }] },
    { ...setCursor, args: ["m", { bigint: 1 }] },
    { ...setCursor, args: ["m", { bigint: "1e3" }] },
    { ...setCursor, args: ["m", { bigint: "9".repeat(1_000_000) }] },
    { ...setCursor, args: ["m", { bigint: "1", number: "1" }] },
    { ...setCursor, args: ["m", { unknown: "1" }] },
    { ...setCursor, args: ["m", {}] },
    { ...setCursor, args: [{ __proto__: null, ["__proto__"]: "m" }, null] },
    { ...setCursor, runtime: "r" },
    { ...setCursor, more: 1 },
    { call: "session", args: [] },
    { call: "session", runtime: 7, args: [] },
    { call: "session", runtime: "r", claim: {}, args: [] },
    { call: "release", runtime: "r", args: [] },
    ...[
      "constructor",
      "__proto__",
      "toString",
      "free",
      "close",
      "watch",
      "rpc",
      "runtime",
      "updateOauthFlows",
    ].map((name) => ({ call: name, args: [] })),
    ...["constructor", "__proto__", "toString", "free", "__destroy_into_raw"].map((name) => ({
      call: name,
      runtime: "r",
      args: [],
    })),
  ])
    await fails(message([setCursor, call]));
});

attack("bytes that are not there, and bytes that nobody named", async () => {
  const commit = (length) => ({ call: "commitSession", runtime: "r", args: [{ bytes: length }] });
  for (const length of [-1, 1.5, 4, 2 ** 53, 1e308, "3", null])
    refused(await calls(message([setCursor, commit(length)], { bytes: "abc" })), 400, "InvalidInput");
  refused(await calls(message([commit(2)], { bytes: "abc" })), 400, "InvalidInput");
  refused(await calls(message([commit(2), commit(2)], { bytes: "abc" })), 400, "InvalidInput");
});

attack("values that no call takes are refused by the argument's name", async () => {
  const id = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
  const receipt = `{"run_id":"${id}","boundary":"run_start","contributing_input_ids":[],"message_count":1,"sequence":0}`;
  const huge = "x".repeat(65_537);
  const wrong = [
    ["mob_id", { call: "setCursor", args: [huge, { bigint: "1" }] }],
    ["runtime_id", { call: "claim", runtime: huge, args: [] }],
    ["mob", { call: "setCursor", args: [] }],
    ["mob", { call: "setCursor", args: ["\ud800", { bigint: "1" }] }],
    ["mob", { call: "setCursor", args: [{ other: "null" }, { bigint: "1" }] }],
    ["mob", { call: "getCursor", args: [{ other: "__proto__" }] }],
    ["cursor", { call: "setCursor", args: ["m", { bigint: "-1" }] }],
    ["cursor", { call: "setCursor", args: ["m", { bigint: "18446744073709551616" }] }],
    ["cursor", { call: "setCursor", args: ["m", 1] }],
    ["limit", { call: "mobs", args: [null, { number: "NaN" }, null] }],
    ["labels", { call: "setLabels", args: ["m", null, '{"a":"b"'] }],
    ["labels", { call: "setLabels", args: ["m", null, '{"a":{"b":1}}'] }],
    [
      "receipt",
      {
        call: "commitBoundary",
        runtime: "r",
        args: [receipt.replace("{", `{"x":${"[".repeat(200)}${"]".repeat(200)},`)],
      },
    ],
    ["claim", { call: "commitSession", runtime: "r", claim: "", args: [""] }],
    ["claim", { call: "commitSession", runtime: "r", claim: `1 ${"x".repeat(36)}`, args: [""] }],
    ["id", { call: "session", runtime: "", args: [] }],
    ["what update returns", { call: "replaceOauthFlows", args: [null, "text"] }],
  ];
  for (const [argument, call] of wrong) {
    const { status, answer } = await calls(message([call], { batch: batch++ }));
    const [{ error }] = answer.answers ?? [{}];
    assert.deepEqual(
      [status, error?.code, error?.argument],
      [200, "InvalidInput", argument],
      JSON.stringify(answer),
    );
  }
});
let batch = 100;

attack("a claim that was made up writes nothing", async () => {
  const claim = "1 01a20127-b8f1-725e-bae9-39a85b9ab50a";
  const forged = { call: "commitSession", runtime: "r", claim, args: [{ bytes: 1 }] };
  const { answer } = await calls(message([forged], { batch: batch++, bytes: "x" }));
  assert.equal(answer.answers[0].error.code, "Deleted");
});

attack("what is put on prototypes by a message is on none", async () => {
  const labels = JSON.stringify({ ["__proto__"]: "polluted", constructor: "polluted" });
  const { answer } = await calls(message([{ call: "setLabels", args: ["m", null, labels] }], { batch }));
  assert.deepEqual(answer, { client: "0123456789abcdef".repeat(2), batch, answers: [{ value: null }] });
  batch += 1;
  const got = await calls(message([{ call: "getLabels", args: ["m", null] }]));
  assert.deepEqual(JSON.parse(got.answer.answers[0].value), JSON.parse(labels));
  const removed = message([{ call: "deleteLabels", args: ["m", null] }], { batch: batch++ });
  assert.equal((await calls(removed)).status, 200);
});

attack("JSON-RPC that is none, and batches that are too long", async () => {
  const rpc = (body) => ask(url, `${MOB}/rpc`, { method: "POST", token, body });
  const one = { jsonrpc: "2.0", id: 1, method: "burrow/cursor/set", params: { cursor: 1 } };
  refused(await rpc(JSON.stringify(Array(101).fill(one))), 413, "TooLarge");
  for (const body of ["", "{", "[", "[1", "[[]]", `${"[".repeat(100_000)}${"]".repeat(100_000)}`]) {
    const { status, answer } = await rpc(body);
    const [{ error }] = [answer].flat();
    assert.ok(status === 200 && [-32700, -32600].includes(error?.code), `${body.slice(0, 20)}: ${status}`);
  }
  const unknown = await rpc(JSON.stringify({ ...one, method: "constructor" }));
  assert.equal(unknown.answer.error.code, -32601);
  const named = (id) =>
    ask(url, `${MOB}/rpc?request=${encodeURIComponent(id)}`, { method: "POST", token, body: "{}" });
  for (const id of ["", "x", "A".repeat(32), `${"0".repeat(32)}\r\nx: y`])
    refused(await named(id), 400, "InvalidInput");
  assert.equal((await named("0f".repeat(16))).headers["burrow-request"], "0f".repeat(16));
});
