// A browser for the tests, and the chromedriver made for exactly that browser.

import { browser, Stop } from "../toolchain.mjs";
import { aptInstall, hasApt } from "./apt.mjs";
import { alreadyThere, timed } from "./step.mjs";

export async function chromium() {
  const problem = missingPair();
  if (!problem) return alreadyThere("Chromium and chromedriver");
  if (!hasApt()) {
    throw new Stop(
      `${problem.message}\nThis system has no apt: install Chrome and a chromedriver of the same major version.`,
    );
  }
  await timed("Chromium and chromedriver (about 1 min)", () => aptInstall(["chromium", "chromium-driver"]));
  browser();
}

function missingPair() {
  try {
    browser();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return error;
  }
}
