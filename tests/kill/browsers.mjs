// A real browser with a profile on disk and two pages of one origin, the writers spread over both.

import { chromium, firefox } from "../support/browsers.mjs";
import { serve } from "../support/serve.mjs";
import { Violation } from "./check.mjs";

const PAGES = 2;

export async function browserEngine(name, profile) {
  const { launch } = { chromium, firefox }[name];
  const server = await serve();
  return {
    close: () => server.close(),
    async start() {
      const browser = await launch(profile);
      let isKilled = false;
      const kill = async () => {
        if (isKilled) return;
        isKilled = true;
        await browser.kill();
      };
      try {
        const pages = [];
        while (pages.length < PAGES) pages.push(await browser.newPage(`${server.url}/tests/kill/page.html`));
        for (const page of pages) await page.waitFor("globalThis.killed");
        return {
          look: (asked) => pages[0].evaluate((asked) => killed.look(asked), asked),
          async perform(writer, operation) {
            const error = await pages[writer % PAGES].evaluate(
              (operation) => killed.perform(operation),
              operation,
            );
            if (error) throw new Violation(error);
          },
          kill,
        };
      } catch (error) {
        await kill();
        throw error;
      }
    },
  };
}
