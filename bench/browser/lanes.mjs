// Lanes: a page of one contender each, on an origin of its own, so that none shares files with another.

import { chromium, firefox } from "../../tests/support/browsers.mjs";
import { serve } from "../../tests/support/serve.mjs";
import { bundle } from "./bundle.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

// An isolated page's clock is exact to 5 µs, another's to 100.
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

// One call may fill a database or commit 100,000 times.
const PATIENCE_MS = 60 * 60 * 1000;

// Some users of this version have it so already.
const ON_SQLITE = ["--enable-features=IdbSqliteBackingStore,IdbSqliteOnDiskRollout"];

/** The browsers, by the names that `--browser` takes. */
const LAUNCH = {
  chromium: (profile, options) => chromium.launch(profile, options),
  "chromium-sqlite": (profile, options) => chromium.launch(profile, { ...options, flags: ON_SQLITE }),
  firefox: (profile, options) => firefox.launch(profile, options),
};

/** Runs `body` with a browser, its profile fresh and on disk, and a function that opens lanes in it. */
export async function withLanes(contenders, body, launched = "chromium") {
  const folders = await bundle(contenders);
  const profile = temporaryFolder("bench");
  const servers = [];
  let browser;
  try {
    browser = await LAUNCH[launched](profile, { protocolTimeout: PATIENCE_MS });
    await body(async (contender, name = contender.name) => {
      const server = await serve({ headers: ISOLATED });
      servers.push(server);
      return openLane(browser, `${server.url}${folders.get(contender.name)}`, { contender, name });
    });
  } finally {
    await browser?.close();
    for (const server of servers) server.close();
  }
}

async function openLane(browser, url, { contender, name }) {
  const page = await browser.newPage(`${url}/page.html`);
  await page.waitFor("globalThis.bench");
  // What fails says where.
  const failing = (error) => {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  };
  const call =
    (method) =>
    (...args) =>
      page.evaluate(`bench.${method}(...${JSON.stringify(args)})`).catch(failing);
  // Browsers give pages behind others less of the machine.
  const inFront = (method) => async (count) => {
    await page.bringToFront();
    return call(method)(count);
  };
  return {
    name,
    contender,
    page,
    begin: call("begin"),
    verify: call("verify"),
    end: call("end"),
    fillReceipts: call("fillReceipts"),
    commitMany: call("commitMany"),
    longLife: call("longLife"),
    memory: () => memory(page),
    round: inFront("round"),
    phases: inFront("phases"),
    /** The time from where a new page begins to load its contender to its first committed write. */
    async cold(database, durability) {
      const cold = await browser.newPage("about:blank");
      try {
        await cold.devtools("Network.enable");
        await cold.devtools("Network.setCacheDisabled", { cacheDisabled: true });
        await cold.goto(`${url}/cold.html?name=${database}&durability=${durability}`);
        return await cold.evaluate("outcome").catch(failing);
      } finally {
        await cold.close();
      }
    },
  };
}

/** What a page holds, in bytes: its objects and buffers, and the memories of its wasm, which Chromium does not count. */
async function memory({ evaluate, devtools }) {
  // It counts after the next garbage collection, which a page behind others waits long for.
  await devtools("Page.bringToFront");
  const { bytes } = await evaluate("performance.measureUserAgentSpecificMemory()");

  const prototype = await devtools("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
  const { objects } = await devtools("Runtime.queryObjects", {
    prototypeObjectId: prototype.result.objectId,
  });
  const wasm = await devtools("Runtime.callFunctionOn", {
    objectId: objects.objectId,
    functionDeclaration:
      "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
    returnByValue: true,
  });
  return { page: bytes, wasm: wasm.result.value };
}
