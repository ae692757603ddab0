// A method that is forgotten somewhere fails here: without a good call, and at a service without a name that crosses.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../pkg/dist/connect.js";
import { OF_MOB, OF_RUNTIME, OF_STORE } from "../../pkg/dist/message.js";
import { Metadata } from "../../pkg/dist/metadata.js";
import { ClaimedMob } from "../../pkg/dist/mob.js";
import { newId, openStore } from "../../pkg/dist/node.js";
import { ClaimedRuntime, Runtime } from "../../pkg/dist/runtime.js";
import { serve } from "../../pkg/dist/serve.js";
import { Store } from "../../pkg/dist/store.js";
import { callsOf } from "../border/calls.mjs";

/** The names of the methods that a class adds, getters left out. */
const methodsOf = ({ prototype }) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== "constructor" && typeof value === "function")
    .map(([name]) => name);

const without = (names, others) => names.filter((name) => !others.includes(name)).sort();

test("every method has a good call in tests/border/calls.mjs", () => {
  const { store, runtime } = callsOf({ newId, exported: "" });
  const methods = [...methodsOf(Store), ...methodsOf(Metadata)];
  // `close` would end the store that is tried, and `contentsFor` is called by `status`.
  assert.deepEqual(Object.keys(store).sort(), without(methods, ["close", "contentsFor"]));
  assert.deepEqual(Object.keys(runtime).sort(), methodsOf(Runtime).sort());
  // The methods that claims have beside those of runtimes and mobs take no arguments.
  assert.deepEqual(
    [methodsOf(ClaimedRuntime), methodsOf(ClaimedMob).sort()],
    [["release"], ["delete", "release"]],
  );
  for (const { prototype } of [ClaimedRuntime, ClaimedMob]) assert.equal(prototype.release.length, 0);
  assert.equal(ClaimedMob.prototype.delete.length, 0);
});

/** The members that wasm-bindgen gives to every class. */
const OF_BINDINGS = ["constructor", "free", "__destroy_into_raw"];
const exportsOf = (object) => without(Object.getOwnPropertyNames(Object.getPrototypeOf(object)), OF_BINDINGS);

/** The exports that only `status()` reads. */
const TOLD = ["dataLost", "reopens"];
/** The exports that only `reseal()` calls, which `connect` does not have. */
const OF_RESEALING = ["rewriteInput", "rewriteSession"];
/** The calls of a store that are no exports of its own: what `serve` makes of others, and claims' release. */
const MADE = ["fence", "flush", "releaseMob", "replaceOauthFlows", "status"];

test("what is called far away is all that the module exports, but for what makes no sense there", async (t) => {
  const kept = await openStore({ backend: "memory" });
  const { fetch } = globalThis;
  t.after(() => (globalThis.fetch = fetch));
  globalThis.fetch = async (url, { body }) => new Response(await serve(kept, new Uint8Array(body)));
  const far = await connect({ url: "http://edge.invalid/", token: "t" });
  const [ours, theirs] = [kept, far].map((store) =>
    store[Symbol.for("burrow-store.handle")].run((raw) => raw),
  );

  assert.deepEqual(Object.keys(theirs).sort(), [...without(exportsOf(ours), TOLD), ...MADE].sort());
  assert.deepEqual(without(OF_STORE, exportsOf(ours)), MADE);

  const [runtime, farRuntime] = [ours.runtime("r"), theirs.runtime("r")];
  const ofRuntime = [...without(exportsOf(runtime), OF_RESEALING), "release"].sort();
  assert.deepEqual(Object.keys(farRuntime).sort(), ofRuntime);
  assert.deepEqual([...OF_RUNTIME].sort(), ofRuntime);

  const [claim, farClaim] = [await runtime.claim(), await farRuntime.claim()];
  assert.deepEqual(Object.keys(farClaim).sort(), exportsOf(claim));
  assert.deepEqual(Object.keys(farClaim.runtime()).sort(), ofRuntime);

  const [mob, farMob] = [await ours.claimMob("m"), await theirs.claimMob("m")];
  assert.deepEqual(Object.keys(farMob).sort(), exportsOf(mob));
  // Everything that a mob under a claim has calls the export of its own name.
  const ofMob = [...methodsOf(Metadata), "deleteMob", "releaseMob"].sort();
  assert.deepEqual(Object.keys(farMob.store()).sort(), ofMob);
  assert.deepEqual([...OF_MOB].sort(), ofMob);
});
