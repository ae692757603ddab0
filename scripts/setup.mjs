// Makes a fresh machine ready, by itself: for the build, and for tests in what is named, `node scripts/setup.mjs
// chromium firefox webkit environments`. What is already there is left alone, so running it again costs about a second.

import { main, Stop } from "./toolchain.mjs";
import { rust } from "./setup/rust.mjs";
import { wasmTarget } from "./setup/wasm-target.mjs";
import { cargoTools } from "./setup/cargo-tools.mjs";
import { chromium } from "./setup/chromium.mjs";
import { firefoxBrowser } from "./setup/firefox.mjs";
import { webkit } from "./setup/webkit.mjs";
import { environments } from "./setup/environments.mjs";
import { npmDependencies } from "./setup/npm.mjs";

const BROWSERS = { chromium, firefox: firefoxBrowser, webkit };

await main(async () => {
  const wanted = process.argv.slice(2);
  const known = [...Object.keys(BROWSERS), "environments"];
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown) throw new Stop(`No step "${unknown}". There are ${known.join(", ")}.`);

  await rust();
  // Beside each other what the processor, the registry of npm and the system's package manager are to do.
  const steps = await Promise.allSettled([
    cargoTools({ forFirefox: wanted.includes("firefox") }),
    npmPackages(wanted),
    systemPackages(wanted),
  ]);
  const failed = steps.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
});

async function npmPackages(wanted) {
  await npmDependencies();
  if (wanted.includes("environments")) await environments();
}

async function systemPackages(wanted) {
  await wasmTarget();
  for (const [name, install] of Object.entries(BROWSERS)) if (wanted.includes(name)) await install();
}
