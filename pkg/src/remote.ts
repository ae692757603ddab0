// A store that is elsewhere, in the place of the module's objects: what `Store` and `Runtime` call on those goes over a link.

import type { RawClaim, RawMobClaim, RawRuntime, RawStore } from "../wasm/bindings.js";
import { failed, refusalIn } from "./answer.js";
import { BurrowError, invalid } from "./error.js";
import { Handle, type Host, Openness } from "./handle.js";
import { described } from "./json.js";
import { type Link, randomHex } from "./link.js";
import { OF_MOB, OF_RUNTIME, OF_STORE, writes } from "./message.js";
import { type OnWatching, Socket } from "./socket.js";
import { Store } from "./store.js";
import type { Status } from "./types.js";
import type { StatusOptions } from "./types-lifetime.js";

/** What a service says of its store. */
interface Told extends Pick<Status, "backend" | "durability" | "reopens" | "dataLost" | "lastError"> {
  authorityKey?: string;
}

/** A store at a service. */
export class RemoteStore extends Store {
  readonly #handle: Handle<RawStore>;
  readonly #link: Link;

  private constructor(handle: Handle<RawStore>, link: Link, told: Told) {
    super(handle, told, { flush: async () => void (await link.call({ call: "flush" }, [])) });
    this.#handle = handle;
    this.#link = link;
  }

  /** Asks the service what it is, and so whether it lets us in. */
  static async at(link: Link, onWatching: OnWatching): Promise<RemoteStore> {
    const told = await tellOf(link);
    const far = new Far();
    return new RemoteStore(
      new Handle(far, new Openness(), rawStore(link, told, far, onWatching)),
      link,
      told,
    );
  }

  override async status(options: StatusOptions = {}): Promise<Status> {
    const told = await this.#handle.call(() => tellOf(this.#link));
    const { backend, durability, dataLost, reopens, lastError } = told;
    return {
      backend,
      durability,
      persisted: undefined,
      usage: undefined,
      quota: undefined,
      dataLost,
      reopens,
      lastError: lastError && { ...lastError, at: new Date(lastError.at) },
      ...(await this.contentsFor(options)),
    };
  }
}

async function tellOf(link: Link): Promise<Told> {
  return JSON.parse(String(await link.call({ call: "status" }, []))) as Told;
}

/** Stands in for the instance of a wasm module: there is none here, so nothing can be poisoned. */
class Far implements Host {
  readonly ended = false;
  readonly #listeners = new Set<(reason: BurrowError) => void>();

  run<T>(work: () => T): T {
    return work();
  }

  async call<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  onEnd(listener: (reason: BurrowError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the iterators over changes, which will see no more of them. */
  endWatches(reason: BurrowError): void {
    for (const tell of [...this.#listeners]) tell(reason);
  }
}

/** What takes everything that a store holds, in many steps. */
const ELSEWHERE = ["export", "import", "verify"];

type Methods = Record<string, (...args: unknown[]) => unknown>;

function rawStore(link: Link, told: Told, far: Far, onWatching: OnWatching): RawStore {
  const store: Methods = {};
  for (const call of OF_STORE) store[call] = (...args) => link.call({ call }, args);
  for (const call of ELSEWHERE) {
    store[call] = () => {
      throw new BurrowError(
        "Unsupported",
        `unsupported: ${call}: it does not go over a connection; call it where the store is`,
      );
    };
  }
  Object.assign(store, {
    runtime: (id: unknown) => rawRuntime(link, checkedId("id", id)),
    claimMob: (mob: unknown) => claimMob(link, mob),
    authorityKey: () => told.authorityKey,
    rpc: (request: unknown, mob: unknown) => rpc(link, request, mob),
    updateOauthFlows: (update: unknown) => updateOauthFlows(link, update),
    watch(mob: unknown, runtime: unknown, listener: unknown) {
      const scope = {
        mob: mob === undefined ? undefined : checkedId("scope.mob", mob),
        runtime: runtime === undefined ? undefined : checkedId("scope.runtime", runtime),
      };
      checkFunction("listener", listener);
      if (!("WebSocket" in globalThis)) {
        throw new BurrowError(
          "Unsupported",
          "unsupported: there is no WebSocket here; in Node use version 22 or newer",
        );
      }
      return new Socket({ link, scope, listener, onWatching, onEnd: (reason) => far.endWatches(reason) });
    },
    close() {},
  });
  return store as unknown as RawStore;
}

function callsOfMob(link: Link, mob: unknown, claim: string): RawStore {
  const store: Methods = {};
  for (const call of OF_MOB) {
    store[call] = async (named: unknown, ...args) => {
      // At the service the claim is that on whichever mob is named.
      if (writes({ call }) && typeof named === "string" && named !== "" && named !== mob) {
        throw invalid("mob_id", `this handle writes under a claim on ${String(mob)}, not on ${named}`);
      }
      return link.call({ call, claim }, [named, ...args]);
    };
  }
  return store as unknown as RawStore;
}

async function claimMob(link: Link, mob: unknown): Promise<Pick<RawMobClaim, "epoch" | "store" | "release">> {
  const claim = String(await link.call({ call: "claimMob" }, [mob]));
  return {
    epoch: () => BigInt(claim.split(" ")[0] ?? ""),
    store: () => callsOfMob(link, mob, claim),
    release: async () => void (await link.call({ call: "releaseMob", claim }, [mob])),
  };
}

function rawRuntime(link: Link, runtime: string, claim?: string): RawRuntime {
  const raw: Methods = {};
  const of = claim === undefined ? { runtime } : { runtime, claim };
  for (const call of OF_RUNTIME) raw[call] = (...args) => link.call({ call, ...of }, args);
  raw["claim"] = async () => {
    const text = String(await link.call({ call: "claim", ...of }, []));
    const claimed: Pick<RawClaim, "epoch" | "runtime" | "release"> = {
      epoch: () => BigInt(text.split(" ")[0] ?? ""),
      runtime: () => rawRuntime(link, runtime, text),
      release: async () => void (await link.call({ call: "release", runtime, claim: text }, [])),
    };
    return claimed;
  };
  return raw as unknown as RawRuntime;
}

/** An id, checked as the module does: what is made here at once cannot wait for the service to refuse it. */
function checkedId(argument: string, id: unknown): string {
  if (typeof id !== "string") throw invalid(argument, `expected a string, got ${described(id)}`);
  if (id === "") throw invalid(argument, "expected a non-empty string");
  if (/[\ud800-\udfff]/u.test(id)) throw invalid(argument, "the string holds a lone surrogate");
  return id;
}

function checkFunction(argument: string, value: unknown): asserts value is (...args: unknown[]) => unknown {
  if (typeof value !== "function") throw invalid(argument, `expected a function, got ${described(value)}`);
}

/** JSON-RPC goes as it is, once: its requests are many commits, and no number says which of them were carried out. */
async function rpc(link: Link, request: unknown, mob: unknown): Promise<string | undefined> {
  const id = randomHex();
  // An empty one is none, and not that of the address.
  const query = `?request=${id}&mob=${mob === undefined ? "" : encodeURIComponent(checkedId("mob", mob))}`;
  if (typeof request !== "string") throw invalid("request", `expected a string, got ${described(request)}`);
  if (/[\ud800-\udfff]/u.test(request)) throw invalid("request", "the string holds a lone surrogate");
  let response: Response;
  try {
    response = await link.fetch(`rpc${query}`, { method: "POST", body: request }, link.place.timeout);
  } catch (error) {
    throw failed(error, true);
  }
  if (response.ok) {
    if (response.headers.get("burrow-request") !== id) {
      throw failed(new Error("what answers there answers another request"), true);
    }
    return response.status === 204 ? undefined : response.text();
  }
  const refusal = await refusalIn(response);
  throw failed(refusal, !(refusal instanceof BurrowError) || refusal.code === "OutcomeUnknown");
}

/** The function stays here: what it makes of the flows replaces them if they are still those that it saw. */
async function updateOauthFlows(link: Link, update: unknown): Promise<void> {
  checkFunction("update", update);
  for (;;) {
    const stored = await link.call({ call: "oauthFlows" }, []);
    const next = update(stored);
    try {
      await link.call({ call: "replaceOauthFlows" }, [stored, next]);
      return;
    } catch (error) {
      if (!(error instanceof BurrowError) || error.code !== "Conflict") throw error;
    }
  }
}
