// What the tests of many tabs do inside a page.

import { newId } from "../../pkg/dist/browser.js";

const NOW = "2026-11-22T02:48:30Z";

/** An input that says who wrote it. */
export async function inputOf(tab) {
  const members = { current_state: "queued", attempt_count: 0, recovery_count: 0, history: [] };
  return { input_id: await newId(), ...members, persisted_input: { tab }, created_at: NOW, updated_at: NOW };
}

/** The receipt of a run's boundary. */
export async function receiptOf(sequence) {
  const run_id = await burrow.newId();
  return { run_id, boundary: "run_start", contributing_input_ids: [], message_count: 1n, sequence };
}

/** What a promise came to: "ok", or the error's code. */
export function outcome(promise) {
  return promise.then(
    () => "ok",
    (error) => error.code ?? String(error),
  );
}

/**
 * The rounds of a race, in an order of this tab's own within each ten: two tabs that went through them in the same
 * order would have the faster one win every time.
 */
export function shuffledInTens(rounds) {
  const order = [];
  for (let start = 0; start < rounds; start += 10) {
    const ten = Array.from({ length: Math.min(10, rounds - start) }, (_, i) => start + i);
    while (ten.length > 0) order.push(...ten.splice(Math.floor(Math.random() * ten.length), 1));
  }
  return order;
}

/** Goes through the rounds at once with the other tab; resolves with the outcome of each. */
export async function race(rounds, begin, attempt) {
  await new Promise((resolve) => setTimeout(resolve, begin - Date.now()));
  const outcomes = Array(rounds);
  for (const round of shuffledInTens(rounds)) outcomes[round] = await outcome(attempt(round));
  return outcomes;
}

/** The names of the databases that there are. WebKit lists those whose creation was aborted, too, with version 0. */
export async function databases() {
  const databases = await indexedDB.databases();
  return databases.filter(({ version }) => version > 0).map(({ name }) => name);
}

/** Opens a database behind burrow's back. */
export function rawDatabase(name, version, upgrade) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => upgrade?.(request.result, request.transaction);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The handles that transactions are begun on, latest last: how a test gets at the one inside a store. */
export const handles = [];
const begin = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (...args) {
  handles.push(this);
  return begin.apply(this, args);
};

/**
 * Lets the next `count` commits happen, but has the page told that they were aborted, as a browser that broke would;
 * not before `meanwhile` is through.
 */
export function loseAcknowledgements(count, meanwhile = () => {}) {
  const { set } = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "oncomplete");
  Object.defineProperty(IDBTransaction.prototype, "oncomplete", {
    configurable: true,
    set(listener) {
      set.call(this, async (event) => {
        if (this.mode !== "readwrite" || count === 0) return listener(event);
        count -= 1;
        await meanwhile();
        this.db.close();
        this.onabort(new Event("abort"));
      });
    },
  });
}
