// Assertions that work in Node and in a page alike.

/** Fails unless the values are equal, member by member; a bigint is not a number. */
export function equal(actual, expected) {
  if (shown(actual) !== shown(expected))
    throw new Error(`expected ${shown(expected)}\n     got ${shown(actual)}`);
}

/** Fails unless the promise (or the call) fails with an error that has these properties. */
export async function fails(attempt, properties) {
  let error;
  try {
    await (typeof attempt === "function" ? attempt() : attempt);
  } catch (caught) {
    error = caught;
  }
  if (!(error instanceof Error)) throw new Error(`expected an Error, got ${shown(error)}`);
  for (const [name, expected] of Object.entries(properties)) {
    if (error[name] !== expected) throw new Error(`${name}: expected ${shown(expected)}, got ${error.stack}`);
  }
}

function shown(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `bytes(${value})`;
  if (Array.isArray(value)) return `[${value.map(shown).join()}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.keys(value)
      .sort()
      .map((name) => `${name}:${shown(value[name])}`);
    return `{${members.join()}}`;
  }
  return String(value);
}
