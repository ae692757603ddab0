// Documents to JSON text and back, with nothing changed on the way.

import assert from "node:assert/strict";
import { test } from "node:test";
import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import { fromJson, toJson } from "../../pkg/dist/json.js";

const write = (document) => toJson("receipt", document);

/** Fails unless the document is refused with this path. */
function refused(document, argument, reason = /./) {
  assert.throws(() => write(document), {
    name: "BurrowError",
    code: "InvalidInput",
    argument,
    message: reason,
  });
}

test("what JSON.stringify writes as people expect is written the same", () => {
  const shared = { twice: true };
  class Point {
    x = 1;
    get y() {
      return 2;
    }
  }
  const document = {
    text: 'a "quoted" \\ \n \u2028 ポチ 🧠',
    numbers: [0, -1, 1.5, 1e21, 5e-324, Number.MAX_SAFE_INTEGER],
    others: [true, false, null, "", [], {}],
    absent: undefined,
    date: new Date(0),
    url: new URL("https://burrow.test/"),
    shared: [shared, shared],
    bare: Object.assign(Object.create(null), { constructor: 1 }),
    point: new Point(),
    nested: { toJSON: (name) => ({ name, inner: { toJSON: () => "made" } }) },
    late: [{ toJSON: (name) => `item ${name}` }],
    gone: { toJSON: () => undefined },
    foreign: runInNewContext("({ list: [1, { date: new Date(0) }] })"),
    proxy: new Proxy({ a: [1] }, {}),
    list: new Proxy([1, 2], {}),
    "a name": { 7: "seven", "": "empty" },
  };
  Object.defineProperty(document, "hidden", { value: () => {}, enumerable: false });
  assert.equal(write(document), JSON.stringify(document));
  assert.equal(write({}), "{}");
});

test("a value of JSON.rawJSON is its text, whoever looks like one", async () => {
  // Node 20 has it behind a flag, under which a module is to be loaded anew.
  if (!JSON.rawJSON) v8.setFlagsFromString("--harmony-json-parse-with-source");
  const { JSON: own } = runInNewContext("({ JSON })");
  const before = globalThis.JSON;
  globalThis.JSON = own;
  try {
    const { toJson } = await import("../../pkg/dist/json.js?raw");
    own.isRawJSON = () => assert.fail("not the one that was there when it was loaded");
    const document = {
      digits: own.rawJSON("0.1234567890123456789"),
      list: [own.rawJSON('"\\u0041"'), own.rawJSON("-1e400")],
      made: { toJSON: () => own.rawJSON("null") },
      alike: { rawJSON: "1" },
    };
    const text =
      '{"digits":0.1234567890123456789,"list":["\\u0041",-1e400],"made":null,"alike":{"rawJSON":"1"}}';
    assert.deepEqual([own.stringify(document), toJson("receipt", document)], [text, text]);
  } finally {
    globalThis.JSON = before;
  }
});

test("`__proto__` is a member like others", () => {
  const json = '{"__proto__":{"a":1},"b":[{"__proto__":12345678901234567890}]}';
  assert.equal(write(fromJson(json)), json);
});

test("what JSON cannot hold is refused by its path", () => {
  const sparse = [1, , 3];
  const named = Object.assign([1], { more: 2 });
  const bad = [
    NaN,
    Infinity,
    -Infinity,
    () => {},
    Symbol("s"),
    new Map(),
    new Set(),
    new WeakMap(),
    /x/,
    new Error("x"),
  ];
  bad.push(
    Promise.resolve(),
    new Uint8Array(2),
    new ArrayBuffer(2),
    new DataView(new ArrayBuffer(2)),
    new Date(NaN),
  );
  bad.push(
    new Number(1),
    new String("s"),
    new Boolean(true),
    Object(Symbol("s")),
    Object(1n),
    [1][Symbol.iterator](),
  );
  bad.push(
    new Blob([]),
    new URLSearchParams("a=b"),
    new Headers(),
    runInNewContext("new Map([[1, 2]])"),
    named,
    "\ud800",
  );
  bad.push(new (class Mine extends Map {})(), new Proxy(new Map(), {}), (function* () {})(), {
    [Symbol("s")]: 1,
  });
  bad.push(
    { toJSON: () => NaN },
    Object.assign(Object.create(null), { [Symbol.iterator]: 1 }),
    new SharedArrayBuffer(1),
  );
  for (const value of bad) {
    refused({ extra: value }, "receipt.extra");
    refused({ extra: { items: [0, 1, 2, { when: value }] } }, "receipt.extra.items[3].when");
    refused({ list: [value] }, "receipt.list[0]");
  }
  refused({ list: sparse }, "receipt.list[1]", /undefined in an array/);
  refused({ list: [undefined] }, "receipt.list[0]");
  refused({ list: [{ toJSON: () => undefined }] }, "receipt.list[0]");
  refused({ "a name": { "\ud800": 1 } }, 'receipt["a name"]["\\ud800"]', /surrogate/);
  refused({ extra: new Map() }, "receipt.extra", /an object of type Map/);
});

test("what is no object is no document", () => {
  for (const value of [
    undefined,
    null,
    1,
    "{}",
    [],
    new Map(),
    () => {},
    { toJSON: () => "{}" },
    new Date(0),
  ]) {
    refused(value, "receipt");
  }
});

test("what lies within itself or too deep is refused", () => {
  const cycle = { a: [{}] };
  cycle.a[0].b = cycle;
  refused({ cycle }, "receipt.cycle.a[0].b", /within itself/);
  const deep = (levels) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
  assert.equal(write(deep(127)), JSON.stringify(deep(127)));
  refused(deep(128), `receipt${".a".repeat(127)}`, /deeper than 127/);
  const endless = { toJSON: () => ({ endless }) };
  refused({ endless }, `receipt${".endless".repeat(127)}`, /deeper than 127/);
});

test("each member is read once, and what a getter throws is the cause", () => {
  let reads = 0;
  const changing = {
    get member() {
      return reads++ === 0 ? 1 : new Map();
    },
    made: { toJSON: () => (reads++ === 1 ? "once" : NaN) },
  };
  assert.equal(write(changing), '{"member":1,"made":"once"}');
  assert.equal(reads, 2);

  const cause = new RangeError("mine");
  const fail = () => {
    throw cause;
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const bad = [
    {
      get inner() {
        return fail();
      },
    },
    { inner: { toJSON: fail } },
    { inner: Object.defineProperty({}, "toJSON", { get: fail }) },
    { inner: new Proxy({}, { ownKeys: fail }) },
    { inner: new Proxy({}, { getPrototypeOf: fail }) },
    { inner: new Proxy([1], { get: fail }) },
  ];
  for (const value of bad) {
    assert.throws(() => write({ list: [value] }), {
      code: "InvalidInput",
      argument: "receipt.list[0].inner",
      cause,
    });
  }
  refused({ list: [proxy] }, "receipt.list[0]");
  // An error of burrow's own that a getter throws is still the getter's.
  const own = {
    get inner() {
      return write({ a: NaN });
    },
  };
  refused(own, "receipt.inner");
});

test("errors show little of what is long", () => {
  const long = "x".repeat(1e6);
  for (const value of [
    { [long]: NaN },
    { [`${long} `]: NaN },
    { a: Symbol(long) },
    { a: [, long] },
    long,
    10n ** 9999n,
  ]) {
    assert.throws(
      () => write(value),
      (error) => error.message.length < 400 && error.argument.length < 200,
    );
  }
});

test("whole numbers beyond those of a double come as bigints and go as their digits", () => {
  const digits = [
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "18446744073709551616",
    "9".repeat(400),
  ];
  for (const number of digits) {
    for (const json of [`{"a":${number}}`, `{"a":[1,${number}]}`, ` { "a" :\n[ ${number} , "x" ] } `]) {
      const read = fromJson(json);
      assert.equal(
        [read.a].flat().find((item) => typeof item === "bigint"),
        BigInt(number),
      );
      assert.deepEqual(JSON.parse(write(read)), JSON.parse(json));
      assert.equal(write(read).includes(number), true);
    }
  }
  const doubles = [
    "9007199254740991",
    "-9007199254740991",
    "1e400",
    "0.1234567890123456789",
    "9007199254740993.0",
    "1e22",
  ];
  for (const number of [...doubles, "-0", "12345678901234567890e1", "1234567890123456.5"]) {
    assert.equal(Object.is(fromJson(`{"a":${number}}`).a, Number(number)), true);
  }
  assert.equal(write({ a: -0, b: 1n, c: [2n ** 70n] }), `{"a":-0,"b":1,"c":[${2n ** 70n}]}`);
  refused(fromJson('{"a":1e400}'), "receipt.a");
});

test("JSON with large whole numbers reads in everything else as JSON.parse does", () => {
  const parts = [
    '"a"',
    '"\\"\\\\"',
    '"\\ud83e\\udde0"',
    '":1234567890123456789"',
    "true",
    "false",
    "null",
    "1.5E-3",
    "[]",
    "{}",
  ];
  parts.push(
    '{"a":[{"b":""}],"":" "}',
    "[[1],[ ]]",
    '{"x":1,"x":{ "y" : [ ] }}',
    "-0",
    '"\\\\"',
    '{"__proto__":null}',
  );
  for (const first of parts) {
    for (const second of parts) {
      const text = (large) => `{"large":${large},"a":${first} ,\r\n\t"b":[${second},${first}]}`;
      const { large, ...rest } = fromJson(text("12345678901234567890"));
      assert.equal(large, 12345678901234567890n);
      assert.deepEqual({ large: 1, ...rest }, JSON.parse(text(1)));
    }
  }
});
