// Firefox for the tests. Its driver, geckodriver, is built with the other cargo tools.

import { firefox, Stop } from "../toolchain.mjs";
import { aptInstall, hasApt } from "./apt.mjs";
import { alreadyThere, timed } from "./step.mjs";

export async function firefoxBrowser() {
  if (firefox()) return alreadyThere("Firefox");
  if (!hasApt()) {
    throw new Stop("No Firefox found, and this system has no apt: install Firefox, or set FIREFOX to one.");
  }
  await timed("Firefox (about 1 min)", () => aptInstall(["firefox-esr"]));
}
