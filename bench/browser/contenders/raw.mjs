// The baseline: IndexedDB by hand, one transaction a commit. No preconditions, no marks, no fences.

const STORES = ["receipts", "inputs", "sessions", "cursors", "labels"];

export const u64 = Number;

/** Where receipts lie, to fill a database with many. */
export const receiptRows = {
  store: "receipts",
  key: (runtime, { run_id, sequence }) => [runtime, run_id, sequence],
};

export async function open(name, durability) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    for (const store of STORES) request.result.createObjectStore(store);
  };
  const db = await result(request);

  return {
    boundary: (runtime, commit) =>
      write(db, durability, BOUNDARY, (stores) => putBoundary(stores, runtime, commit)),
    input: (runtime, input) =>
      write(db, durability, ["inputs"], ({ inputs }) => putInput(inputs, runtime, input)),
    setCursor: (mob, cursor) => write(db, durability, ["cursors"], ({ cursors }) => cursors.put(cursor, mob)),
    setLabels: (entry) =>
      write(db, durability, ["labels"], ({ labels }) =>
        labels.put(JSON.stringify(entry), [entry.mob, entry.run ?? ""]),
      ),
    inputs: async (runtime) => (await all(db, "inputs", under(runtime))).map((json) => JSON.parse(json)),
    session: (runtime) => get(db, "sessions", runtime),
    receipt: async (runtime, run, sequence) =>
      JSON.parse(await get(db, "receipts", [runtime, run, sequence])),
    cursor: (mob) => get(db, "cursors", mob),
    labels: async () => (await all(db, "labels")).map((json) => JSON.parse(json)),
    async select(key, value) {
      const entries = (await all(db, "labels")).map((json) => JSON.parse(json));
      return entries.filter(({ labels }) => labels[key] === value);
    },
    close: () => db.close(),
    db,
  };
}

export const BOUNDARY = ["receipts", "inputs", "sessions"];

/** Sends all puts, then the commit, and waits for nothing but its completion. */
export function write(db, durability, names, puts) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(names, "readwrite", { durability });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    puts(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
    transaction.commit();
  });
}

export function putBoundary({ receipts, inputs, sessions }, runtime, commit) {
  if (commit.session) sessions.put(commit.session, runtime);
  for (const input of commit.inputs) putInput(inputs, runtime, input);
  const { run_id, sequence } = commit.receipt;
  receipts.put(JSON.stringify(commit.receipt), [runtime, run_id, sequence]);
}

function putInput(inputs, runtime, input) {
  inputs.put(JSON.stringify(input), [runtime, input.input_id]);
}

function get(db, store, key) {
  return result(db.transaction(store).objectStore(store).get(key));
}

function all(db, store, range) {
  return result(db.transaction(store).objectStore(store).getAll(range));
}

/** Every key that begins with this part: an array sorts after every string. */
function under(part) {
  return IDBKeyRange.bound([part], [part, []]);
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
