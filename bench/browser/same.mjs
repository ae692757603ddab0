// Whether what was read is what was written.

/** Fails unless all that was told is there. A contender may add members of its own, its keys, to an object. */
export function same(what, found, told) {
  const difference = compare(found, told);
  if (difference) throw new Error(`${what}${difference}`);
}

/** Where the two differ, and how; undefined where they do not. */
function compare(found, told) {
  if (told instanceof Uint8Array) {
    const equal = found instanceof Uint8Array && found.length === told.length;
    if (equal && told.every((byte, i) => byte === found[i])) return undefined;
    return `: expected ${told.length} bytes, got ${found?.length ?? found}, or others`;
  }
  if (typeof told !== "object") {
    return found === told ? undefined : `: expected ${String(told)}, got ${String(found)}`;
  }
  if (typeof found !== "object" || found === null) return `: expected an object, got ${String(found)}`;
  if (Array.isArray(told) && found.length !== told.length) {
    return `: expected ${told.length} items, got ${found.length}`;
  }
  for (const [member, value] of Object.entries(told)) {
    const difference = compare(found[member], value);
    if (difference) return `.${member}${difference}`;
  }
  return undefined;
}
