// Opening a store.

import { BurrowError } from "./error.js";
import { Handle, Openness } from "./handle.js";
import type { Loader } from "./load.js";
import { policyOf } from "./retention.js";
import { sealerFor } from "./seal-option.js";
import { sealed } from "./sealed.js";
import { Store } from "./store.js";
import type { Durability, OpenOptions } from "./types.js";
import * as wire from "./wire.js";

/** Opens a store over the module that `loader` loads. */
export async function open(loader: Loader, options: OpenOptions = {}): Promise<Store> {
  const given = wire.options("options", options, [
    "name",
    "durability",
    "backend",
    "memoryLimit",
    "timeout",
    "path",
    "database",
    "storage",
    "seal",
    "retention",
  ]);
  if ((given.path ?? given.database ?? given.storage) !== undefined) {
    throw new BurrowError("Unsupported", "unsupported: there is no SQLite in this entry of the package");
  }
  const { name = "burrow", durability, backend = defaultBackend() } = given;
  const { memoryLimit = backend === "memory" ? defaultMemoryLimit() : undefined } = given;
  const retention = policyOf(given.retention);
  const [instance, sealer] = await Promise.all([loader.instance(), sealerFor(given.seal)]);
  const raw = await instance.call(() =>
    instance.bindings.openStore(name, durability, backend, memoryLimit, given.timeout),
  );
  return new Store(new Handle(instance, new Openness(), sealed(instance, raw, sealer)), {
    backend,
    durability: backend === "memory" ? "none" : inForce(durability ?? "strict"),
    retention,
  });
}

/** Deletes a database, with the module that `loader` loads. */
export async function deleteDatabase(loader: Loader, name: string): Promise<void> {
  const instance = await loader.instance();
  await instance.call(() => instance.bindings.deleteStore(name));
}

/** A browser that does not know the option has its own default, which is what an acknowledgement is worth then. */
function inForce(asked: Durability): Durability {
  return "durability" in IDBTransaction.prototype ? asked : "relaxed";
}

function defaultBackend(): "indexeddb" | "memory" {
  if ("indexedDB" in globalThis) return "indexeddb";
  if (hasNoDatabaseByDesign()) return "memory";
  throw new BurrowError(
    "Unsupported",
    'this environment has no IndexedDB, and nothing was asked for in its place; pass { backend: "memory" } ' +
      "to keep everything in memory, where it ends with the page",
  );
}

function hasNoDatabaseByDesign(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node !== undefined || isEdge();
}

function isEdge(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers" || "EdgeRuntime" in globalThis;
}

/**
 * Half of the 128 MB that an edge worker has for everything
 * (https://developers.cloudflare.com/workers/platform/limits/#memory). Elsewhere the module's own default.
 */
function defaultMemoryLimit(): number | undefined {
  return isEdge() ? 64 * 2 ** 20 : undefined;
}
