// Where the time of an operation goes, told by the calls that it makes to IndexedDB: the same for whoever makes them.

/** In their order. What comes before the transaction begins, and what after it is complete, is the contender's own. */
export const PHASES = ["encode", "begin", "requests", "wait", "answer"];

let spent, since;

function ends(phase) {
  const now = performance.now();
  if (spent) spent[phase] += now - since;
  since = now;
}

/** Has the time between two calls count for the phase that the second one ends. */
function wrap(prototype, method, before, after) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    ends(before);
    const result = original.apply(this, args);
    ends(after);
    return result;
  };
}

let isWatched = false;

/** Looks at the calls from now on. */
export function watchCalls() {
  if (isWatched) return;
  isWatched = true;
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...args) {
    // Before the first it encodes; before another one it has waited for an answer.
    ends(spent?.begin > 0 ? "wait" : "encode");
    const transaction = begin.apply(this, args);
    // Heard before the contender's own listeners, which come later.
    for (const end of ["complete", "abort"]) transaction.addEventListener(end, () => ends("wait"));
    ends("begin");
    return transaction;
  };
  for (const method of ["put", "add", "delete", "get", "getAll", "getKey", "getAllKeys", "openCursor"]) {
    wrap(IDBObjectStore.prototype, method, "requests", "requests");
  }
  wrap(IDBTransaction.prototype, "commit", "requests", "requests");
}

/** Does something, and gives how many milliseconds of it each phase took. */
export async function phasesOf(act) {
  spent = Object.fromEntries(PHASES.map((phase) => [phase, 0]));
  since = performance.now();
  await act();
  ends("answer");
  const times = PHASES.map((phase) => spent[phase]);
  spent = undefined;
  return times;
}
