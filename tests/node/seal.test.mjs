// What `docs/format.md` says of sealed bytes, made and read by another program's means, and bytes that were sealed once and open for ever.

import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { test } from "node:test";
import { newId, openStore } from "../../pkg/dist/node.js";
import { input, receipt } from "../in-page/makers.mjs";

const SECRET = Buffer.from("0123456789abcdef0123456789abcdef");
const seal = await crypto.subtle.importKey("raw", SECRET, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);

const hmac = (key, ...parts) => {
  const made = createHmac("sha256", key);
  for (const part of parts) made.update(part);
  return made.digest();
};
const [encryption, ivKey, keyId] = ["encryption", "iv", "key id"].map((use) =>
  hmac(SECRET, `burrow seal 1: ${use}`),
);
const header = Buffer.concat([Buffer.from("\0seal\x01"), keyId.subarray(0, 8)]);

function sealed(place, plaintext) {
  const data = Buffer.concat([header, Buffer.from(JSON.stringify(place))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const iv = hmac(ivKey, length, data, plaintext).subarray(0, 12);
  const cipher = createCipheriv("aes-256-gcm", encryption, iv).setAAD(data);
  const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header, iv, encrypted, cipher.getAuthTag()]);
}

function opened(place, bytes) {
  const decipher = createDecipheriv("aes-256-gcm", encryption, bytes.subarray(14, 26))
    .setAAD(Buffer.concat([bytes.subarray(0, 14), Buffer.from(JSON.stringify(place))]))
    .setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(26, -16)), decipher.final()]).toString();
}

/** The store as it lies there, without the key. */
async function raw(store) {
  const copy = await openStore();
  await copy.import(store.export());
  return copy;
}

test("sealed bytes are what the manual of the format says", async () => {
  const store = await openStore({ seal });
  const id = await newId();
  const session = Buffer.from(JSON.stringify({ id, é: 1 }));
  const queued = await input({ newId }, { reconstruction_source: [2n ** 64n - 1n, 1.5] });
  const boundary = { receipt: await receipt({ newId }), session, inputs: [queued], sessionKey: id };
  await store.runtime("ポチ").commitBoundary(boundary);
  await store.runtime("b").commitSession(session);
  await store.runtime("empty").commitSession(new Uint8Array());
  await store.persistOauthFlows(Buffer.from("flows"));
  const held = await raw(store);
  const snapshots = "runtime_session_snapshots";
  const text = Buffer.from(await held.runtime("ポチ").session()).toString();
  const base64 = sealed([snapshots, "ポチ", id], session).toString("base64");
  assert.equal(text, `{"burrow_seal":"${base64}","id":"${id}"}`);
  assert.deepEqual(Buffer.from(await held.runtime("b").session()), sealed([snapshots, "b", null], session));
  const empty = sealed([snapshots, "empty", null], Buffer.alloc(0));
  assert.deepEqual(Buffer.from(await held.runtime("empty").session()), empty);
  const flows = ["runtime_auth_oauth_flow_state", "auth_oauth_flow_state", null];
  assert.deepEqual(Buffer.from(await held.oauthFlows()), sealed(flows, Buffer.from("flows")));
  const [stored] = await held.runtime("ポチ").inputs();
  for (const [member, json] of [
    ["persisted_input", JSON.stringify(queued.persisted_input)],
    ["reconstruction_source", "[18446744073709551615,1.5]"],
  ]) {
    const place = ["runtime_input_states", "ポチ", queued.input_id, member];
    const bytes = Buffer.from(stored[member].burrow_seal, "base64");
    assert.equal(opened(place, bytes), `{"${member}":${json}}`);
    assert.deepEqual(bytes, sealed(place, Buffer.from(`{"${member}":${json}}`)));
    assert.deepEqual(Object.keys(stored[member]), ["burrow_seal"]);
  }
  assert.deepEqual(await store.runtime("ポチ").inputs(), [queued]);
  assert.deepEqual(Buffer.from(await store.runtime("ポチ").session()), session);
  assert.equal((await store.runtime("empty").session()).length, 0);
});

test("a key for AES-GCM stands for the one for HMAC that its key stream is", async () => {
  const aes = await crypto.subtle.importKey("raw", SECRET, "AES-GCM", false, ["encrypt"]);
  const stream = createCipheriv("aes-256-gcm", SECRET, "burrow seal1").update(Buffer.alloc(32));
  const hmac = await crypto.subtle.importKey("raw", stream, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const [held, store] = [await openStore(), await openStore({ seal: aes })];
  await store.runtime("r").commitSession(Buffer.from("secret"));
  await held.import(store.export());
  assert.ok(!Buffer.from(await held.runtime("r").session()).includes("secret"));
  for (const seal of [aes, hmac]) {
    const other = await openStore({ seal });
    await other.import(held.export());
    assert.equal(Buffer.from(await other.runtime("r").session()).toString(), "secret");
  }
});

test("what was sealed by version 1 opens", async () => {
  const sealedOnce = Buffer.from(
    "007365616c0110fd5e59554e767f64ec5fc37f085960275bb913044b56e1dca251b5b2858274bf51fdb72875e5f0",
    "hex",
  );
  assert.deepEqual(sealedOnce, sealed(["runtime_session_snapshots", "agent-1", null], Buffer.from("kept")));
  const held = await openStore();
  await held.runtime("agent-1").commitSession(sealedOnce);
  const store = await openStore({ seal });
  await store.import(held.export());
  assert.equal(Buffer.from(await store.runtime("agent-1").session()).toString(), "kept");
});
