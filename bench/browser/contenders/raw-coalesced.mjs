// As raw, but commits that come at once are put into one transaction by hand.

import { BOUNDARY, open as openRaw, putBoundary, write } from "./raw.mjs";

export { u64 } from "./raw.mjs";

export async function open(name, durability) {
  const raw = await openRaw(name, durability);
  return {
    ...raw,
    boundaries: (commits) =>
      write(raw.db, durability, BOUNDARY, (stores) => {
        for (const [runtime, commit] of commits) putBoundary(stores, runtime, commit);
      }),
  };
}
