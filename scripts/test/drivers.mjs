// What wasm-bindgen's test runner has to be told of a browser: its driver, and the flags in webdriver.json with the very
// browser that we found, where the driver would look for its own.

import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { browser, firefox, geckodriver, onPath, root } from "../toolchain.mjs";

export function chromiumDriver() {
  const { chrome, chromedriver } = browser();
  return { env: testEnv({ CHROMEDRIVER: chromedriver }, { "goog:chromeOptions": { binary: chrome } }) };
}

export function firefoxDriver() {
  return { env: testEnv({ GECKODRIVER: geckodriver() }, { "moz:firefoxOptions": { binary: firefox() } }) };
}

/** The runner knows WebKit as Safari; their drivers speak the same protocol. */
export function webkitDriver() {
  const driver = { SAFARIDRIVER: onPath("WebKitWebDriver") };
  return { before: ["node", "scripts/on-display.mjs"], env: testEnv(driver) };
}

function testEnv(driver, binaries = {}) {
  const config = JSON.parse(readFileSync(path.join(root, "webdriver.json"), "utf8"));
  for (const [options, binary] of Object.entries(binaries)) Object.assign(config[options], binary);
  const file = path.join(root, "target", `webdriver-${Object.keys(driver)[0].toLowerCase()}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(config));
  return {
    // The runner takes the first driver of these that it finds.
    GECKODRIVER: undefined,
    CHROMEDRIVER: undefined,
    SAFARIDRIVER: undefined,
    ...driver,
    WASM_BINDGEN_TEST_ONLY_WEB: "1",
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: file,
    // A busy machine overruns the default of 20 s.
    WASM_BINDGEN_TEST_TIMEOUT: "120",
  };
}
