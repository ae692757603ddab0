// The truth about the store: where it keeps things, how safely, and how much room there is.

import type { Status } from "burrow-store";
import { Failure } from "./failure.js";
import { bytes, counted } from "./format.js";
import { useLive } from "./live.js";

/** What the store says of itself, asked again after each commit. */
export function StoreStatus() {
  const { value, error } = useLive(
    (store) => store.status(),
    () => true,
  );
  if (error !== undefined) return <Failure error={error} />;
  if (!value) return null;
  const { backend, durability, usage, quota, reopens } = value;
  return (
    <ul class="status" aria-label="status of the store">
      <li>{backend}</li>
      <li>
        durability <b>{durability}</b>
      </li>
      <li>
        <Keeping {...value} />
      </li>
      {usage !== undefined && quota !== undefined && (
        <li>
          <b>{bytes(usage)}</b> of {bytes(quota)}
        </li>
      )}
      <li>{counted(reopens, "reopen")}</li>
    </ul>
  );
}

/** How long the data stay: a browser may evict what it has not promised to keep. */
function Keeping({ backend, persisted }: Status) {
  if (backend === "memory") return <span class="badge evictable">ends with the page</span>;
  if (backend === "durable-object") return <span class="badge persisted">at the edge</span>;
  if (persisted === undefined) return <span class="badge">perhaps evictable</span>;
  return persisted ? (
    <span class="badge persisted">persisted</span>
  ) : (
    <span class="badge evictable">evictable</span>
  );
}
