// What the browser tells of the origin's storage.

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

// Some browsers have the method and refuse to answer: in an opaque origin, in a private window.
async function told<T>(ask: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
