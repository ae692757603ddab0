// Who runs against whom: a file in `contenders/` each, with one and the same small interface.

export const contenders = [
  { name: "raw" },
  { name: "raw-coalesced", only: ["W5"] },
  { name: "burrow" },
  { name: "idb" },
  { name: "dexie" },
  { name: "sqlite" },
  // These two cannot ask for strict durability.
  { name: "localforage", durabilities: ["relaxed"] },
  { name: "pouchdb", durabilities: ["relaxed"] },
];

/** Whether the contender takes part. */
export function takesPart({ only, durabilities }, workload, durability) {
  return (only?.includes(workload) ?? true) && (durabilities?.includes(durability) ?? true);
}
