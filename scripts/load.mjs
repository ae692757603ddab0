// `node scripts/load.mjs`: what a page waits for its first store with the wasm as a file of its own and with it in the JavaScript,
// and what it loads, in Chromium (docs/decisions/017-inlined-wasm-in-development.md).

import path from "node:path";
import { chromium } from "../tests/support/browsers.mjs";
import { serve } from "../tests/support/serve.mjs";
import { measure } from "./size/measure.mjs";
import { main, root } from "./toolchain.mjs";
import { temporaryFolder } from "./temporary.mjs";

const PAGES = 30;
const ENTRIES = [
  { name: "a file of its own", file: "browser.js", wasm: "pkg/wasm/burrow_bg.wasm" },
  { name: "in the JavaScript", file: "inline.js" },
];

await main(async () => {
  const profile = temporaryFolder("load");
  const browser = await chromium.launch(profile);
  const server = await serve();
  try {
    console.log("| the wasm | loads, kB: as it is / gzip | first store open, ms: median, slowest |");
    for (const { name, file, wasm } of ENTRIES) {
      const { sum } = await measure({
        code: `export * from "./${file}"`,
        folder: path.join(root, "pkg/dist"),
        wasm,
      });
      const times = [];
      for (let i = 0; i <= PAGES; i += 1)
        times.push(await opening(browser, `${server.url}/pkg/dist/${file}`));
      // The first page of a browser pays for what is not burrow's.
      const sorted = times.slice(1).sort((a, b) => a - b);
      const [median, slowest] = [sorted[PAGES / 2], sorted.at(-1)].map((ms) => ms.toFixed(1));
      const [raw, gzip] = [sum.raw, sum.gzip].map((bytes) => (bytes / 1000).toFixed(1));
      console.log(`| ${name} | ${raw} / ${gzip} | ${median}, ${slowest} |`);
    }
  } finally {
    server.close();
    await browser.close();
  }
});

/** How long a new page waits, from the import to an open store. */
async function opening(browser, entry) {
  // Whatever the server answers is a page of its origin.
  const page = await browser.newPage(new URL("/", entry).href);
  try {
    return await page.evaluate(async (entry) => {
      const begun = performance.now();
      const { openStore } = await import(entry);
      await openStore({ backend: "memory" });
      return performance.now() - begun;
    }, entry);
  } finally {
    await page.close();
  }
}
