// The module's operations, as `src/js/operations.rs` has them: one export takes them all, by name.

import type { RawStore } from "../wasm/bindings.js";
import { Handle } from "./handle.js";
import type { RuntimeState } from "./types.js";

type Scope = [mob: string, run: string | undefined];
type Page = [after: string | undefined, limit: number];
type Json = string;

/** What each operation takes and answers. */
interface Operations {
  setLabels(...args: [...scope: Scope, labels: Json]): void;
  getLabels(...scope: Scope): Json;
  deleteLabels(...scope: Scope): Json;
  listLabels(mob: string): Json;
  selectLabels(selector: string): Json;
  getCursor(mob: string): bigint | undefined;
  setCursor(mob: string, cursor: bigint): void;
  mobs(...page: Page): string[];
  runtimes(...page: Page): string[];
  runs(runtime: string, ...page: Page): string[];
  inputIds(runtime: string, ...page: Page): string[];
  receipts(runtime: string, afterRun: string | undefined, afterSequence: bigint, limit: number): Json;
  sessionHolder(session: string): string | undefined;
  sessionOf(runtime: string, session: string): Uint8Array | undefined;
  oauthFlows(): Uint8Array | undefined;
  persistOauthFlows(flows: Uint8Array): void;
  updateOauthFlows(update: (stored: Uint8Array | undefined) => Uint8Array | undefined): void;
  commitBoundary(
    runtime: string,
    receipt: Json,
    session: Uint8Array | undefined,
    inputs: Json,
    sessionKey: string | undefined,
  ): void;
  commitSession(runtime: string, session: Uint8Array): void;
  session(runtime: string): Uint8Array | undefined;
  receipt(runtime: string, run: string, sequence: bigint): Json | undefined;
  persistInput(runtime: string, input: Json): void;
  inputs(runtime: string): Json;
  input(runtime: string, input: string): Json | undefined;
  state(runtime: string): RuntimeState | undefined;
  transition(runtime: string, from: RuntimeState, to: RuntimeState, inputs: Json): void;
  persistOps(runtime: string, snapshot: Json): void;
  ops(runtime: string): Json | undefined;
}

/** Carries out an operation. */
export function ask<Name extends keyof Operations>(
  store: RawStore,
  name: Name,
  ...args: Parameters<Operations[Name]>
): Promise<ReturnType<Operations[Name]>> {
  return store.call(name, args) as Promise<ReturnType<Operations[Name]>>;
}

/** A store of the module's. */
export class StoreHandle extends Handle<RawStore> {
  /** Carries out an operation, if the store is open. */
  ask<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>> {
    return this.call((raw) => ask(raw, name, ...args));
  }
}
