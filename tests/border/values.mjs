// Every odd value that JavaScript has, and good values that go bad somewhere inside.

class Thrown extends Error {
  get cause() {
    return revoked({});
  }
}

/** Besides errors anything may be thrown. */
const THROWN = [
  undefined,
  null,
  "thrown",
  Symbol("thrown"),
  revoked({}),
  Object.create(null),
  Object.defineProperty(new Error("thrown"), "message", { get: () => Object.create(null) }),
  { code: "Conflict", retryable: true, message: "somebody else's" },
];

let thrown = 0;
/** Begins anew, so that a seed repeats what is thrown. */
export const beginAnew = () => void (thrown = 0);

const throwing = (what) => () => {
  if (thrown++ % 3 === 0) throw THROWN[thrown % THROWN.length];
  throw new Thrown(`thrown by ${what}`);
};

/** Another realm's globals, where there are realms: Node has them, a page has its frames. */
async function otherRealm() {
  const { process, document } = globalThis;
  if (process?.getBuiltinModule) {
    return process
      .getBuiltinModule("node:vm")
      .runInNewContext("({ Object, Array, Uint8Array, Map, Date, Error, TypeError, Proxy, String })");
  }
  if (!document) return globalThis;
  const frame = document.createElement("iframe");
  document.body.append(frame);
  return frame.contentWindow;
}

const realm = await otherRealm();

/** Whether the values themselves have thrown it: where a caller's own function is called, it may come back as it is. */
export const isThrown = (error) =>
  THROWN.includes(error) || [Thrown, TypeError, realm.TypeError].some((type) => error instanceof type);

/** The traps that a proxy may have. */
const TRAPS = [
  ...["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor", "set", "defineProperty"],
  ...["apply", "construct", "isExtensible", "preventExtensions", "deleteProperty", "setPrototypeOf"],
];

function detached() {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A view that is out of bounds: its buffer has shrunk. */
function shrunken() {
  const buffer = new ArrayBuffer(16, { maxByteLength: 32 });
  const view = new Uint8Array(buffer, 8, 8);
  buffer.resize?.(4);
  return view;
}

function cyclic() {
  const value = { name: "cycle", items: [] };
  value.items.push(value);
  return value;
}

function deep() {
  let value = [];
  for (let i = 0; i < 5000; i++) value = i % 2 ? [value] : { value };
  return value;
}

export function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Objects of a class that tell something else of themselves. */
function lying(random) {
  const target = random.pick([{}, [], new Uint8Array(3), new Date(0), new Map(), () => {}]);
  return Object.defineProperty(target, Symbol.toStringTag, {
    get: random.pick([
      throwing("toStringTag"),
      () => "CryptoKey",
      () => "Response",
      () => "ArrayBuffer",
      () => 7,
    ]),
  });
}

const PRIMITIVES = [
  ...[undefined, null, true, false, 0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53],
  ...[Number.MIN_VALUE, Number.MAX_VALUE, 0n, 1n, -1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 10n ** 400n],
  ...[
    "",
    " ",
    "\0",
    "a",
    "__proto__",
    "constructor",
    "prototype",
    "toJSON",
    "then",
    "\ud800",
    "a\udfff",
    "🧠",
    "\u2028",
  ],
  ...[
    "01a20127-b8f1-725e-bae9-39a85b9ab50a",
    "{}",
    "[]",
    "null",
    '{"a":',
    "x".repeat(70_000),
    "ü".repeat(40_000),
  ],
  ...["strict", "memory", "indexeddb", "idle", "running", "descending", "read", "http://[", "data:,x"],
  ...[Symbol("s"), Symbol.iterator, Symbol.for("burrow-store.handle")],
];

const OBJECTS = [
  () => ({}),
  () => [],
  () => Object.create(null),
  () => Object.freeze({ mob: "m" }),
  () => Object.create({ mob: "m", limit: 1 }),
  () =>
    new (class Scope {
      mob = "m";
    })(),
  () => new Map([["mob", "m"]]),
  () => new Set(["a"]),
  () => new WeakMap(),
  () => new Date(NaN),
  () => new Date(0),
  () => Object.create(Date.prototype),
  () => Object.create(Array.prototype),
  () => Object.create(Uint8Array.prototype),
  () => Object.create(Error.prototype),
  () => new Error("an error"),
  () =>
    new (class extends Error {
      get name() {
        throw new Thrown("thrown by name");
      }
    })(),
  () => new String("boxed"),
  () => new Number(7),
  () => Object(7n),
  () => Object(Symbol("boxed")),
  () => /x/g,
  () => Promise.resolve("m"),
  () => ({ then: (resolve) => resolve("m") }),
  () => ({ then: throwing("then") }),
  () => ({
    get then() {
      return throwing("a getter")();
    },
  }),
  () => ({
    toString: throwing("toString"),
    valueOf: throwing("valueOf"),
    [Symbol.toPrimitive]: throwing("toPrimitive"),
  }),
  () => ({ toJSON: throwing("toJSON") }),
  () => ({ toJSON: () => undefined }),
  () => ({ toJSON: () => 7n }),
  () => ({ [Symbol.iterator]: throwing("an iterator") }),
  () => ({ [Symbol.asyncIterator]: () => ({ next: throwing("next") }) }),
  () => ({ [Symbol.asyncIterator]: () => 7 }),
  () => ({ stream: throwing("stream") }),
  () => ({ stream: () => ({}) }),
  () => ({ getReader: throwing("getReader") }),
  () => ({ getReader: () => ({}) }),
  () => [, 1],
  () => [undefined],
  () => Object.assign([1], { more: 2 }),
  () => new Uint8Array(0),
  () => new Uint8Array([1, 2, 3]),
  () => new Float64Array(3),
  () => new BigUint64Array(2),
  () => new DataView(new ArrayBuffer(3)),
  () => new ArrayBuffer(5),
  () => new Uint8Array(new SharedArrayBuffer(4)),
  () => new Uint8Array(70_000),
  detached,
  () => detached().buffer,
  shrunken,
  cyclic,
  deep,
  () => revoked({}),
  () => revoked([]),
  () => revoked(() => {}),
  () => () => {},
  () => async () => {},
  () => function* () {},
  () => class {},
  () => throwing("a function"),
  () => Math,
  () => globalThis,
  () => new realm.Object(),
  () => realm.Array.from([1]),
  () => new realm.Uint8Array(3),
  () => new realm.Map(),
  () => new realm.Date(0),
  () => new realm.Error("another realm's"),
  () => new Response("x"),
  () => new Blob(["x"]),
  () => new ReadableStream({ pull: (controller) => controller.enqueue("no bytes") }),
  () => new ReadableStream({ pull: (controller) => controller.error(new Thrown("thrown by a stream")) }),
  () => new URL("http://localhost/"),
  () => new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
  () => new AbortController().signal,
  () => structuredClone(new Error("cloned")),
];

/** An odd value; `reenter` is a call into the store, made where something of the value is read. */
export function odd(random, reenter) {
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return random.pick(PRIMITIVES);
    case 3:
      return trapped(random, random.pick(OBJECTS)(), reenter);
    case 4:
      return withGetter(
        random,
        {},
        random.pick(["mob", "run", "limit", "after", "id", "length", "then", "code"]),
        reenter,
      );
    case 5:
      return lying(random);
    default:
      return random.pick(OBJECTS)();
  }
}

/** A proxy, one of whose traps throws, calls the store, or answers something odd. */
function trapped(random, target, reenter) {
  if ((typeof target !== "object" && typeof target !== "function") || target === null) return target;
  const trap = random.pick(TRAPS);
  let count = random.below(4);
  const does = random.pick([
    throwing(`the trap ${trap}`),
    () => (reenter(), Reflect[trap](...arguments_)),
    () => {
      const answer = odd(random, () => {});
      // An array that says that it is endless is read for ever.
      return typeof answer === "number" && answer > 1000 ? 7 : answer;
    },
    () => Reflect[trap](...arguments_),
  ]);
  let arguments_;
  return new Proxy(target, {
    [trap]: (...given) => {
      arguments_ = given;
      return count-- > 0 ? Reflect[trap](...given) : does();
    },
  });
}

function withGetter(random, object, name, reenter) {
  let reads = 0;
  const get = random.pick([
    throwing(`the getter ${name}`),
    () => (reenter(), "m"),
    // Another answer each time.
    () => ["m", 7n, undefined, {}][reads++ % 4],
  ]);
  return Object.defineProperty(object, name, { get, enumerable: true, configurable: true });
}

/** A good value with something odd in one place of it, or in its own place, or around it. */
export function spoilt(random, good, reenter) {
  const isPlain = typeof good === "object" && good !== null && !ArrayBuffer.isView(good);
  if (!isPlain || random.oneIn(4))
    return random.oneIn(5) ? trapped(random, good, reenter) : odd(random, reenter);
  const copy = Array.isArray(good) ? [...good] : { ...good };
  const names = Object.keys(copy);
  if (names.length === 0 || random.oneIn(8)) {
    const name = random.pick([
      "more",
      "__proto__",
      "constructor",
      "toJSON",
      "then",
      Symbol("member"),
      "\ud800",
    ]);
    Object.defineProperty(copy, name, { value: odd(random, reenter), enumerable: true, configurable: true });
    return copy;
  }
  const name = random.pick(names);
  if (random.oneIn(4)) return withGetter(random, copy, name, reenter);
  copy[name] = spoilt(random, copy[name], reenter);
  return random.oneIn(6) ? trapped(random, copy, reenter) : copy;
}
