// What the browser tells of the origin's storage.

import { clearTimer, setTimer } from "./platform.js";

/** What is kept for good, used and allowed; `undefined` what the environment cannot tell. */
export interface OriginStorage {
  persisted: boolean | undefined;
  usage: number | undefined;
  quota: number | undefined;
}

/** Asks the browser. */
export async function originStorage(): Promise<OriginStorage> {
  const { navigator } = globalThis as { navigator?: { storage?: Partial<StorageManager> } };
  const storage = navigator?.storage;
  const [persisted, estimate] = await Promise.all([
    told(() => storage?.persisted?.()),
    told(() => storage?.estimate?.()),
  ]);
  return { persisted, usage: estimate?.usage, quota: estimate?.quota };
}

const DEADLINE_MS = 2_000;

// Some browsers have the method and refuse to answer: in an opaque origin, in a private window. A call must not wait for ever for
// an answer that it can do without.
async function told<T>(ask: () => Promise<T> | undefined): Promise<T | undefined> {
  let timer;
  try {
    const asked = ask();
    const late = new Promise<undefined>((resolve) => {
      timer = asked && setTimer(() => resolve(undefined), DEADLINE_MS);
    });
    return await Promise.race([asked, late]);
  } catch {
    return undefined;
  } finally {
    clearTimer(timer);
  }
}
