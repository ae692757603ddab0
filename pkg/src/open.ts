// Opening a store.

import { BurrowError } from "./error.js";
import { StoreHandle } from "./calls.js";
import { Openness } from "./handle.js";
import type { Loader } from "./load.js";
import { Store } from "./store.js";
import type { Durability, OpenOptions } from "./types.js";
import * as wire from "./wire.js";

/** Opens a store over the module that `loader` loads. */
export async function open(loader: Loader, options: OpenOptions = {}): Promise<Store> {
  const {
    name = "burrow",
    durability,
    backend = defaultBackend(),
  } = wire.options("options", options, ["name", "durability", "backend"]);
  const database = wire.id("options.name", name);
  const asked =
    durability === undefined
      ? undefined
      : wire.oneOf("options.durability", durability, ["strict", "relaxed"]);
  const kind = wire.oneOf("options.backend", backend, ["indexeddb", "memory"]);
  if (kind === "memory" && asked !== undefined) {
    throw new BurrowError(
      "Unsupported",
      `nothing is durable in memory, and durability "${asked}" was asked for; leave it out if that will do`,
    );
  }
  const instance = await loader.instance();
  const { bindings } = instance;
  if (kind === "memory") {
    const raw = instance.run(() => bindings.openMemory());
    return new Store(new StoreHandle(instance, new Openness(), raw), { backend: kind, durability: "none" });
  }
  const raw = await instance.call(() => bindings.openIndexedDb(database, asked === "relaxed"));
  return new Store(new StoreHandle(instance, new Openness(), raw), {
    backend: kind,
    durability: inForce(asked ?? "strict"),
  });
}

/** Deletes a database, with the module that `loader` loads. */
export async function deleteDatabase(loader: Loader, name: string): Promise<void> {
  const database = wire.id("name", name);
  const instance = await loader.instance();
  await instance.call(() => instance.bindings.deleteIndexedDb(database));
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
  const { process, navigator } = globalThis as {
    process?: { versions?: { node?: string } };
    navigator?: { userAgent?: string };
  };
  return (
    process?.versions?.node !== undefined ||
    navigator?.userAgent === "Cloudflare-Workers" ||
    "EdgeRuntime" in globalThis
  );
}
