// The console over a store at an edge service.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../pkg/dist/connect.js";
import { startEdge } from "../servers/edge.mjs";
import { addressOf, SECRET } from "../servers/edge-address.mjs";

export function testEdge({ inBrowser }) {
  test("the console looks into a store at the edge, shows what others write there, and writes there itself", () =>
    inBrowser({}, async ({ openConsole, origin }) => {
      const service = await startEdge({ bindings: { BURROW_SECRET: SECRET, ALLOWED_ORIGINS: origin } });
      try {
        const { url, token } = await addressOf(service.url, "mob-a");
        const store = await connect({ url, token });
        await store.setLabels({ mob: "mob-a" }, { env: "dev" });
        const page = await openConsole(`?edge=${encodeURIComponent(url)}#${token}`);
        const label = (text) => page.getByRole("button", { name: text, exact: true });
        await label("env=dev").waitFor();
        const header = await page.locator("header").innerText();
        assert.ok(header.includes(store.authorityKey) && header.includes("at the edge"), header);
        assert.equal(await page.getByRole("heading", { name: "Demo" }).count(), 0);

        await store.setLabels({ mob: "mob-a" }, { env: "prod" });
        await label("env=prod").waitFor();
        await label("env=prod").click();
        await page.keyboard.type("test");
        await page.keyboard.press("Enter");
        await label("env=test").waitFor();
        assert.deepEqual(await store.getLabels({ mob: "mob-a" }), { env: "test" });
        await page.close();
      } finally {
        await service.close();
      }
    }));
}
