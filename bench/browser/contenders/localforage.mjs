// localForage: a key-value store without transactions, so a commit is several writes sent together, and not atomic. It
// has no say in durability: it gets the browser's default, which is relaxed.

import localforage from "localforage";

export const u64 = Number;

export async function open(name) {
  const stores = {};
  for (const storeName of ["receipts", "inputs", "sessions", "cursors", "labels"]) {
    stores[storeName] = localforage.createInstance({ name, storeName, driver: localforage.INDEXEDDB });
    await stores[storeName].ready();
  }
  const { receipts, inputs, sessions, cursors, labels } = stores;

  return {
    boundary: (runtime, commit) =>
      Promise.all([
        commit.session && sessions.setItem(runtime, commit.session),
        ...commit.inputs.map((input) => inputs.setItem(`${runtime}/${input.input_id}`, input)),
        receipts.setItem(`${runtime}/${commit.receipt.run_id}/${commit.receipt.sequence}`, commit.receipt),
      ]),
    input: (runtime, input) => inputs.setItem(`${runtime}/${input.input_id}`, input),
    setCursor: (mob, cursor) => cursors.setItem(mob, cursor),
    setLabels: (entry) => labels.setItem(`${entry.mob}/${entry.run ?? ""}`, entry),
    inputs: (runtime) => where(inputs, (_, key) => key.startsWith(`${runtime}/`)),
    session: (runtime) => sessions.getItem(runtime),
    receipt: (runtime, run, sequence) => receipts.getItem(`${runtime}/${run}/${sequence}`),
    cursor: (mob) => cursors.getItem(mob),
    labels: () => where(labels, () => true),
    select: (name, value) => where(labels, (entry) => entry.labels[name] === value),
    close() {},
  };
}

/** It has no ranges: every item is looked at. */
async function where(store, matches) {
  const found = [];
  await store.iterate((value, key) => {
    if (matches(value, key)) found.push(value);
  });
  return found;
}
