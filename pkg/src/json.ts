// JSON in which nothing changes on its way: what it cannot hold is refused by its path, and integers keep their digits.

import { type BurrowError, invalid, unreadable } from "./error.js";
import type { Json } from "./types.js";

/** Members that are u64s, by name, `"optional"` where they need not be there; and objects that have such members. */
export type U64s = ReadonlyMap<string, "required" | "optional" | U64s>;

/** How deep objects and arrays may lie in each other, the document among them: as deep as every reader goes. */
const DEPTH = 127;

const U64_MAX = 2n ** 64n - 1n;

/** A character that may not stand for itself between quotes. */
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** As it was when this was loaded; older browsers have none. */
const { isRawJSON } = JSON as { isRawJSON?: (value: unknown) => boolean };

/**
 * A document as JSON text. It is read once: what is checked is what is written.
 *
 * As in `JSON.stringify`, `toJSON` is called where there is one, and members that are `undefined` are left out. What
 * `JSON.stringify` would change without a word (`NaN`, a `Map`, a hole in an array) is `InvalidInput`, and a bigint is
 * written as its digits.
 */
export function toJson(argument: string, document: unknown, u64s: U64s = new Map()): string {
  return new Writer(argument).document(document, u64s);
}

/** Old libraries put one on the prototypes of all objects or arrays, which writes something else. */
function isOfAll(toJSON: unknown): boolean {
  const of = (prototype: object): unknown => (prototype as { toJSON?: unknown }).toJSON;
  return toJSON === of(Object.prototype) || toJSON === of(Array.prototype);
}

class Writer {
  readonly #argument: string;
  /** The objects and arrays around what is being written. */
  readonly #around: object[] = [];
  /** Its place in each of them. */
  readonly #place: (string | number)[] = [];
  #refusal: BurrowError | undefined;

  constructor(argument: string) {
    this.#argument = argument;
  }

  document(value: unknown, u64s: U64s): string {
    try {
      return this.#record("", value, u64s);
    } catch (error) {
      // Somebody may throw `undefined`.
      if (this.#refusal !== undefined && error === this.#refusal) throw error;
      throw unreadable(this.#path(), error);
    }
  }

  /** An object, some members of which are u64s. */
  #record(name: string, value: unknown, u64s: U64s): string {
    const json = this.#value(name, value, u64s);
    return json?.startsWith("{") ? json : this.#refuse(`expected an object, got ${described(value)}`);
  }

  /** `undefined` where there is nothing to write. */
  #value(name: string | number, value: unknown, u64s?: U64s): string | undefined {
    if (typeof value !== "object" || value === null) return this.#primitive(value);
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON !== "function" || isOfAll(toJSON)) return this.#members(value, u64s);
    const made: unknown = toJSON.call(value, String(name));
    if (typeof made === "object" && made !== null) return this.#members(made, u64s);
    if (made === null && tagOf(value) === "[object Date]") this.#refuse("the date is not a valid one");
    return this.#primitive(made);
  }

  #primitive(value: unknown): string | undefined {
    if (typeof value === "string") return this.#string(value);
    if (typeof value === "number" && Number.isFinite(value)) return Object.is(value, -0) ? "-0" : `${value}`;
    if (typeof value === "boolean" || typeof value === "bigint" || value === null) return String(value);
    return value === undefined ? undefined : this.#cannotHold(described(value));
  }

  #string(value: string): string {
    if (!SPECIAL.test(value)) return `"${value}"`;
    // JSON.stringify would write it as an escape, which not every reader takes.
    if (LONE_SURROGATE.test(value)) this.#refuse("the string holds a lone surrogate");
    return JSON.stringify(value);
  }

  #raw(json: string): string {
    // For what not every reader takes.
    if (json.startsWith('"')) this.#string(JSON.parse(json) as string);
    return json;
  }

  #members(value: object, u64s: U64s | undefined): string {
    if (isRawJSON?.(value)) return this.#raw((value as { rawJSON: string }).rawJSON);
    if (this.#around.includes(value)) this.#refuse("it lies within itself");
    if (this.#around.length === DEPTH) this.#refuse(`it lies deeper than ${DEPTH} levels`);
    this.#around.push(value);
    const json = Array.isArray(value) ? this.#array(value) : this.#object(value, u64s);
    this.#around.pop();
    return json;
  }

  #array(items: readonly unknown[]): string {
    if (Object.keys(items).length > items.length)
      this.#cannotHold("an array with members that are not items");
    const level = this.#place.push(0) - 1;
    let json = "";
    for (let i = 0; i < items.length; i++) {
      this.#place[level] = i;
      const item = this.#value(i, items[i]) ?? this.#cannotHold("undefined in an array");
      json += i === 0 ? item : `,${item}`;
    }
    this.#place.pop();
    return `[${json}]`;
  }

  #object(members: object, u64s: U64s | undefined): string {
    if (!isPlain(members)) this.#cannotHold(described(members));
    if (hasSymbols(members)) this.#cannotHold("a member whose name is a symbol");
    const level = this.#place.push("") - 1;
    let json = "";
    for (const name of Object.keys(members)) {
      this.#place[level] = name;
      const value = (members as Record<string, unknown>)[name];
      const kind = u64s?.get(name);
      const member = kind === undefined ? this.#value(name, value) : this.#known(name, value, kind);
      if (member === undefined) continue;
      json += json === "" ? this.#string(name) : `,${this.#string(name)}`;
      json += `:${member}`;
    }
    for (const [name, kind] of u64s ?? []) {
      this.#place[level] = name;
      if (!Object.prototype.hasOwnProperty.call(members, name)) this.#known(name, undefined, kind);
    }
    this.#place.pop();
    return `{${json}}`;
  }

  #known(name: string, value: unknown, kind: "required" | "optional" | U64s): string | undefined {
    if (typeof kind === "object") return this.#record(name, value, kind);
    if (kind === "optional" && (value === undefined || value === null)) return this.#primitive(value);
    if (typeof value === "bigint" && value >= 0n && value <= U64_MAX) return String(value);
    return this.#refuse(`expected a bigint from 0n to 2n ** 64n - 1n, got ${described(value)}`);
  }

  #cannotHold(what: string): never {
    return this.#refuse(`JSON cannot hold ${what}`);
  }

  #refuse(reason: string): never {
    this.#refusal = invalid(this.#path(), reason);
    throw this.#refusal;
  }

  /** As one would write it in a program: `receipt.extra.items[3].when`. */
  #path(): string {
    const steps = this.#place.map((step) => {
      if (typeof step === "number") return `[${step}]`;
      return IDENTIFIER.test(step) ? `.${clipped(step)}` : `[${quoted(step)}]`;
    });
    return [this.#argument, ...steps].join("");
  }
}

/** An object whose members are its own to show: no `Map`, no `Promise`, nothing else that the platform made. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || tagOf(value) === "[object Object]";
}

export function hasSymbols(value: object): boolean {
  const symbols = Object.getOwnPropertySymbols(value);
  return (
    symbols.length > 0 && symbols.some((name) => Object.prototype.propertyIsEnumerable.call(value, name))
  );
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

/** What a value is, for errors: never all of a long one. */
export function described(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "function":
      return "a function";
    case "undefined":
      return "undefined";
    case "object":
      if (value === null) return "null";
      return isArray(value) ? "an array" : `an object of type ${clipped(typeOf(value))}`;
    default:
      return `${typeof value} ${clipped(String(value))}`;
  }
}

/** `Array.isArray` throws for a proxy that was revoked. */
function isArray(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function typeOf(value: object): string {
  try {
    const { constructor } = value;
    const name: unknown = typeof constructor === "function" ? constructor.name : undefined;
    return typeof name === "string" && name !== "" ? name : tagOf(value).slice(8, -1);
  } catch {
    return "unknown";
  }
}

/** The beginning of a text, for errors. */
export function quoted(text: string): string {
  return JSON.stringify(clipped(text));
}

function clipped(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}

/** Digits in the place of a number, so many that a double may not hold them; in a string too, which does no harm. */
const MAYBE_LARGE = /[[:,]\s*-?\d{16}/;
const NUMBER = /-?\d+(\.\d+)?([eE][-+]?\d+)?/y;

/** The value of JSON text from the module. A whole number beyond those that a double holds exactly is a bigint. */
export function fromJson(json: string): Json {
  return MAYBE_LARGE.test(json) ? new Reader(json).value() : (JSON.parse(json) as Json);
}

/** Reads what is known to be JSON. */
class Reader {
  readonly #json: string;
  #at = 0;

  constructor(json: string) {
    this.#json = json;
  }

  value(): Json {
    switch (this.#next()) {
      case "{":
        return this.#object();
      case "[":
        return this.#array();
      case '"':
        return this.#string();
      case "t":
        return this.#passed(4, true);
      case "f":
        return this.#passed(5, false);
      case "n":
        return this.#passed(4, null);
      default:
        return this.#number();
    }
  }

  #object(): Json {
    const object: { [name: string]: Json } = {};
    for (this.#at++; this.#next() !== "}";) {
      if (this.#next() === ",") this.#at++;
      this.#next();
      const name = this.#string();
      this.#next();
      this.#at++;
      const value = this.value();
      // Assigned, it would set the prototype, or call what somebody has put there.
      if (name in object) define(object, name, value);
      else object[name] = value;
    }
    return this.#passed(1, object);
  }

  #array(): Json {
    const items: Json[] = [];
    for (this.#at++; this.#next() !== "]";) {
      if (this.#next() === ",") this.#at++;
      items.push(this.value());
    }
    return this.#passed(1, items);
  }

  #string(): string {
    let end = this.#at;
    do end = this.#json.indexOf('"', end + 1);
    while (this.#isEscaped(end));
    const text = this.#json.slice(this.#at, end + 1);
    this.#at = end + 1;
    return text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  #isEscaped(at: number): boolean {
    let before = at;
    while (this.#json[before - 1] === "\\") before--;
    return (at - before) % 2 === 1;
  }

  #number(): Json {
    NUMBER.lastIndex = this.#at;
    const [text = "", fraction, exponent] = NUMBER.exec(this.#json) ?? [];
    const number = Number(text);
    const isExact = Number.isSafeInteger(number) || fraction !== undefined || exponent !== undefined;
    return this.#passed(text.length, isExact ? number : BigInt(text));
  }

  /** The next character that is no white space. */
  #next(): string | undefined {
    while (" \n\r\t".includes(this.#json[this.#at] ?? "x")) this.#at++;
    return this.#json[this.#at];
  }

  #passed<T>(length: number, value: T): T {
    this.#at += length;
    return value;
  }
}

/** Gives an object a member of its own, whatever its prototype has under that name. */
export function define(object: object, name: string, value: unknown): void {
  const own = { __proto__: null, value, configurable: true, enumerable: true, writable: true };
  Object.defineProperty(object, name, own);
}
