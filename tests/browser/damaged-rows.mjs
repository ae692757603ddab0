// The rows of an object store, past burrow: in pages.

const done = (request, event = "onsuccess") =>
  new Promise((resolve, reject) => {
    request[event] = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** All rows, as `[key, value]`. */
export async function all(database, name) {
  const store = database.transaction(name).objectStore(name);
  const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  return keys.map((key, at) => [key, values[at]]);
}

/** Puts rows. */
export async function put(database, name, rows) {
  const transaction = database.transaction(name, "readwrite");
  for (const [key, value] of rows) transaction.objectStore(name).put(value, key);
  await done(transaction, "oncomplete");
}

/** Puts pieces in the place of those that a runtime has. */
export async function replace(database, name, runtime, pieces) {
  const transaction = database.transaction(name, "readwrite");
  const store = transaction.objectStore(name);
  store.delete(IDBKeyRange.bound([runtime], [runtime, []]));
  for (const [at, piece] of pieces.entries()) store.put(piece, [runtime, String(at).padStart(20, "0")]);
  await done(transaction, "oncomplete");
}
