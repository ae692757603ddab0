// A store at an edge service, from anywhere. No wasm is loaded.

import { type BurrowError, invalid } from "./error.js";
import { described } from "./json.js";
import { Link } from "./link.js";
import { RemoteStore } from "./remote.js";
import type { Store } from "./store.js";
import { callingBack } from "./watch.js";
import * as wire from "./wire.js";

/** Where a store is, and what opens it. */
export interface ConnectOptions {
  /** The address of a mob at the service: `https://…/mobs/<mob>`, the mob's id percent-encoded. */
  url: string | URL;
  /** The token that the service gives out for this mob. */
  token: string;
  /** How many milliseconds a call is tried before it fails. Default: 60,000. */
  timeout?: number | undefined;
  /**
   * Is called without an argument each time a watch is in force, at first and again after the connection was lost: commits before
   * that may not have been told, so load now what you show. Is called with an error when a watch is lost or does not come into force: if
   * that is `retryable`, it is tried again by itself, and otherwise it has ended.
   */
  onWatching?: ((lost?: BurrowError) => void) | undefined;
}

const LONGEST_MS = 2 ** 31 - 1;

/**
 * Opens the store of a mob at an edge service. It does all that a store does in the place where it is kept; every error has its
 * code. A call whose connection fails is sent again, and a write is carried out once, however often it is sent.
 *
 * Rejects with `Unauthorized` where the token does not open the mob, with `NotFound` where there is nothing at the address, with
 * `ReadFailed` where no service answers in time.
 */
export async function connect(options: ConnectOptions): Promise<Store> {
  const known = ["url", "token", "timeout", "onWatching"];
  const { url, token, timeout = 60_000, onWatching = () => {} } = wire.options("options", options, known);
  if (typeof token !== "string" || !/^[\w.-]+$/.test(token)) {
    throw invalid("options.token", "expected a token: letters, digits, `-`, `_` and `.`");
  }
  if (typeof timeout !== "number" || !(timeout > 0 && timeout <= LONGEST_MS)) {
    throw invalid("options.timeout", `expected milliseconds, got ${described(timeout)}`);
  }
  if (typeof onWatching !== "function") {
    throw invalid("options.onWatching", `expected a function, got ${described(onWatching)}`);
  }
  const told = (lost?: BurrowError): void => {
    void callingBack(() => (lost === undefined ? onWatching() : onWatching(lost)));
  };
  return RemoteStore.at(new Link({ url: address(url), token, timeout }), told);
}

/** The address as that of a folder. */
function address(url: unknown): URL {
  let parsed: URL | undefined;
  try {
    parsed = new URL(String(url));
  } catch {
    // The text is no address: refused below.
  }
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) {
    throw invalid("options.url", `expected an address with https or http, got ${described(url)}`);
  }
  parsed.search = parsed.hash = "";
  parsed.pathname = parsed.pathname.replace(/\/*$/, "/");
  return parsed;
}

export { BurrowError, type ErrorCode, type ErrorData, type ErrorDetails } from "./error.js";
export type { ClaimedRuntime, Runtime } from "./runtime.js";
export type { Store } from "./store.js";
export type * from "./types.js";
