// Opening a store on a server: beside IndexedDB and memory, where browsers' entries open theirs, in an SQLite of the platform's.

import type { Bindings as ServerBindings, RawStore } from "../wasm/server-bindings.js";
import { BurrowError, invalid } from "./error.js";
import { Handle, Openness } from "./handle.js";
import type { Instance } from "./instance.js";
import type { Loader } from "./load.js";
import { open } from "./open.js";
import { policyOf } from "./retention.js";
import { sealerFor } from "./seal-option.js";
import { sealed } from "./sealed.js";
import { Store } from "./store.js";
import type { Durability, OpenOptions, Status } from "./types.js";
import * as wire from "./wire.js";

export type ServerInstance = Instance<ServerBindings>;

/** A store in SQLite, just opened. */
export interface Opened {
  raw: RawStore;
  kind: Pick<Status, "backend" | "durability">;
  /** Resolves once the database is let go. */
  closed: Promise<void>;
  /** Waits until what was committed is on the disk, where a commit's own call does not. */
  flush?: () => Promise<void>;
}

/** Opens it, once the module is there. */
export type Opening = (instance: ServerInstance) => Promise<Opened>;

/** Opens what one of these options names. It reads at the call what may change afterwards. */
type Opener = (value: unknown, durability: Durability | undefined) => Opening;

/** The options of which each says where the store is. */
const PLACES = ["path", "database", "storage"] as const;
type Place = (typeof PLACES)[number];

/** Those that are about stores elsewhere. */
const ELSEWHERES = ["name", "backend", "memoryLimit", "timeout"] as const;

/** Opens a store over the module that `loader` loads, in SQLite if the options say so. */
export async function openOnServer(
  loader: Loader<ServerBindings>,
  options: OpenOptions = {},
  openers: Partial<Record<Place, Opener>>,
): Promise<Store> {
  const known = ["durability", "seal", "retention", ...ELSEWHERES, ...PLACES];
  const given = wire.options("options", options, known);
  const places = PLACES.filter((place) => given[place] !== undefined);
  const [place, another = ELSEWHERES.find((name) => given[name] !== undefined)] = places;
  if (place === undefined) return open(loader, given);
  if (another !== undefined) throw invalid(`options.${another}`, `\`${place}\` says where the store is`);
  const opener = openers[place];
  if (!opener) throw new BurrowError("Unsupported", `unsupported: options.${place}: ${ELSEWHERE[place]}`);
  const { durability, seal } = given;
  if (durability !== undefined && durability !== "strict" && durability !== "relaxed") {
    throw invalid("options.durability", 'expected "strict" or "relaxed"');
  }
  const retention = policyOf(given.retention);
  const opening = opener(given[place], durability);
  const [instance, sealer] = await Promise.all([loader.instance(), sealerFor(seal)]);
  const { raw, kind, ...hooks } = await opening(instance);
  return new Store(
    new Handle(instance, new Openness(), sealed(instance, raw, sealer)),
    { ...kind, retention },
    hooks,
  );
}

const ELSEWHERE: Record<Place, string> = {
  path: "a Worker has no files; in a Durable Object, pass { storage: ctx.storage }",
  database: "a Worker has no such databases; in a Durable Object, pass { storage: ctx.storage }",
  storage: "there are no Durable Objects here; pass { path }, the name of a file",
};
