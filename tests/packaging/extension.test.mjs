// An extension of Chromium's, Manifest V3: its popup and its service worker.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { test } from "node:test";
import { chromiumPages } from "./chromium-pages.mjs";
import { consumer } from "./consumer.mjs";
import { done } from "./job.mjs";

const { folder } = await consumer("extension");
const pages = chromiumPages({
  flags: [`--load-extension=${folder}`, "--disable-features=DisableLoadExtensionCommandLineSwitch"],
});

test("an extension's popup and service worker", async () => {
  assert.deepEqual(await pages.resultOf(`chrome-extension://${await idOf(folder)}/popup.html`), {
    popup: done("indexeddb"),
    serviceWorker: done("indexeddb"),
  });
});

/** Chromium names an unpacked extension after its folder: the first half of the path's hash, its digits as a to p. */
async function idOf(folder) {
  const hash = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex");
  return hash.slice(0, 32).replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));
}
