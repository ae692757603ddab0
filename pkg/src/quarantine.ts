// Records in quarantine, from the module's JSON text.

import type { Quarantined } from "./types-moving.js";

/** The records, each with its bytes. */
export function quarantinedFromJson(json: string): Quarantined[] {
  const found = JSON.parse(json) as (Omit<Quarantined, "record"> & { bytes: string })[];
  return found.map(({ bytes, ...others }) => ({
    ...others,
    record: Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)),
  }));
}
