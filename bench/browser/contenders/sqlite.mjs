// SQLite's own wasm build, in a worker, for only there OPFS has synchronous files.

const METHODS = "boundary input setCursor setLabels inputs session receipt cursor labels select close".split(
  " ",
);

export const u64 = Number;

export async function open(name, durability) {
  const worker = new Worker(new URL("sqlite-worker.js", import.meta.url), { type: "module" });
  const waiting = new Map();
  let calls = 0;
  worker.onmessage = ({ data: { call, value, error } }) => {
    const { resolve, reject } = waiting.get(call);
    waiting.delete(call);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(message));
  };
  const ask = (method, ...args) =>
    new Promise((resolve, reject) => {
      waiting.set(++calls, { resolve, reject });
      worker.postMessage({ call: calls, method, args });
    });

  await ask("open", name, durability);
  const store = Object.fromEntries(METHODS.map((method) => [method, (...args) => ask(method, ...args)]));
  return {
    ...store,
    async close() {
      await store.close();
      worker.terminate();
    },
  };
}
