// WebKitGTK's small browser with its driver, and the display it runs on. They exist on Linux only.

import { hasWebKit, onPath, Stop } from "../toolchain.mjs";
import { aptInstall, hasApt } from "./apt.mjs";
import { alreadyThere, timed } from "./step.mjs";

export async function webkit() {
  if (!hasWebKit) return console.log("WebKitGTK: not to be had on this system, so nothing is tested in it");
  if (missing().length === 0) return alreadyThere("WebKitGTK with its driver, and Xvfb");
  if (!hasApt()) {
    throw new Stop(
      `Not on PATH: ${missing().join(", ")}. This system has no apt: install WebKitGTK's WebDriver and Xvfb.`,
    );
  }
  await timed("WebKitGTK with its driver, and Xvfb (about 1 min)", () =>
    aptInstall(["webkit2gtk-driver", "xvfb"]),
  );
}

const missing = () => ["WebKitWebDriver", "Xvfb"].filter((name) => !onPath(name));
