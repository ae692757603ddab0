// Consumers' pages in Chromium.

import { after, before } from "node:test";
import { chromium } from "../support/browsers.mjs";
import { serve } from "../support/serve.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

/** Starts the browser before the file's tests and ends it after them; `flags` are further ones of its own. */
export function chromiumPages({ flags } = {}) {
  let profile, browser;

  before(async () => {
    profile = temporaryFolder("chromium");
    browser = await chromium.launch(profile, { flags });
  });
  after(async () => {
    await browser?.close();
  });

  /** What the page leaves in `result`. */
  async function resultOf(url) {
    const page = await browser.newPage("about:blank");
    const broken = new Promise((_, reject) => page.onError(reject));
    try {
      await page.goto(url);
      // Settled, not only there: a dev server may load the page anew until then.
      await Promise.race([page.waitFor("await globalThis.result?.then(() => true, () => true)"), broken]);
      return await page.evaluate("result");
    } finally {
      await page.close();
    }
  }

  return {
    resultOf,
    /** The same of a page in a folder, served with these headers. */
    async resultIn(folder, { page = "index.html", headers } = {}) {
      const server = await serve({ folder, headers });
      try {
        return await resultOf(`${server.url}/${page}`);
      } finally {
        server.close();
      }
    },
  };
}
