// The page of the JavaScript tests, in a browser that all tests of a file share.

import { after, before } from "node:test";
import { serve } from "./serve.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

/** Starts the browser before the file's tests and ends it after them. */
export function pagesOf({ launch }) {
  let server, browser;

  const start = async () => {
    server = await serve();
    browser = await launch(temporaryFolder("test"));
  };
  // Node runs the hooks of a file beside each other: another may open a page before this has ended.
  const started = start();
  before(() => started);

  after(async () => {
    await browser?.close();
    server?.close();
  });

  return {
    /** The address of another page of the same origin. */
    elsewhere: () => `${server.url}/demo/page.html`,
    async openPage() {
      await started;
      const page = await browser.newPage(`${server.url}/tests/in-page/page.html`);
      await page.waitFor("globalThis.check");
      return page;
    },
  };
}
