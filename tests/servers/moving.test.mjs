// The whole way round: a browser's IndexedDB, lines, an SQLite file in Node, a Durable Object, and a browser again.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { start } from "../../examples/edge/start.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { run } from "../packaging/consumer.mjs";
import { newerNode } from "../packaging/environments.mjs";
import { chromium } from "../support/browsers.mjs";
import { pagesOf } from "../support/pages.mjs";
import { get } from "./get.mjs";

const WORKER = `
  import { DurableObject } from "cloudflare:workers";
  import { openStore } from ${JSON.stringify(path.join(root, "pkg/dist/workerd.js"))};
  export class StoreObject extends DurableObject {
    async fetch(request) {
      const store = await openStore({ storage: this.ctx.storage });
      if (request.method === "POST") return Response.json(await store.import(request.body));
      return new Response(store.export());
    }
  }
  export default {
    fetch: (request, { STORE }) => STORE.get(STORE.idFromName(new URL(request.url).pathname)).fetch(request),
  };`;
const SETTINGS = {
  name: "moving",
  main: "worker.js",
  compatibility_date: "2026-04-01",
  durable_objects: { bindings: [{ name: "STORE", class_name: "StoreObject" }] },
  migrations: [{ tag: "v1", new_sqlite_classes: ["StoreObject"] }],
};

const pages = pagesOf(chromium);
let folder, worker, page;

before(async () => {
  folder = temporaryFolder("moving");
  await writeFile(path.join(folder, "worker.js"), WORKER);
  await writeFile(path.join(folder, "wrangler.json"), JSON.stringify(SETTINGS));
  worker = await start(folder);
  page = await pages.openPage();
});
after(() => worker?.close());

const shell = (...args) => run(root, newerNode, "pkg/dist/cli.js", ...args);

/** Takes lines into a new SQLite file in Node, and gives what that exports. */
async function throughAFile(name, text) {
  const [lines, file, exported] = [".ndjson", ".sqlite", ".exported.ndjson"].map((ending) =>
    path.join(folder, name + ending),
  );
  await writeFile(lines, text);
  await shell("import", file, lines);
  await shell("export", file, exported);
  return readFile(exported, "utf8");
}

/** Takes lines into a new Durable Object, and gives what that exports. */
async function throughAnObject(name, text) {
  const url = new URL(name, worker.url);
  const { records, written } = JSON.parse(await get(url, text));
  assert.ok(records > 0 && records === written);
  return get(url);
}

/** Takes lines into a new IndexedDB, and gives what that exports. */
function throughABrowser(name, text) {
  return page.evaluate(
    async (name, text) => {
      const store = await burrow.openStore({ name });
      const { records, written } = await store.import(new Blob([text]));
      if (records !== written) throw new Error(`${written} of ${records} records were written`);
      return new Response(store.export()).text();
    },
    name,
    text,
  );
}

test("a store moves from a browser into a file, into an object, into a browser, and nothing of it changes", async () => {
  const text = await page.evaluate(async () => {
    const { filled } = await import("/tests/servers/filled.mjs");
    const store = await filled(await burrow.openStore({ name: "from" }), burrow.newId);
    return new Response(store.export()).text();
  });
  assert.ok(text.split("\n").length > 300);
  const ofFile = await throughAFile("filled", text);
  assert.ok(ofFile === text);
  const ofObject = await throughAnObject("filled", ofFile);
  assert.ok(ofObject === text);
  assert.ok((await throughABrowser("to", ofObject)) === text);
});

for (const name of ["upstream-0.6", "upstream-0.6-fresh"]) {
  test(`the database ${name} moves into a browser, into an object, into a file, and nothing of it changes`, async () => {
    const [file, exported] = [`${name}.sqlite`, `${name}.first.ndjson`].map((name) =>
      path.join(folder, name),
    );
    await writeFile(file, await readFile(path.join(root, "tests/fixtures", `${name}.sqlite`)));
    await shell("export", file, exported);
    const text = await readFile(exported, "utf8");
    const ofBrowser = await throughABrowser(name, text);
    assert.ok(ofBrowser === text);
    const ofObject = await throughAnObject(name, ofBrowser);
    assert.ok(ofObject === text);
    assert.ok((await throughAFile(`${name}.moved`, ofObject)) === text);
  });
}
