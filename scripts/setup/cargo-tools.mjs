// The wasm-bindgen command and its test runner at exactly the version of the wasm-bindgen crate in Cargo.lock: any other
// refuses our wasm. For Firefox, geckodriver too, which the test runner needs to drive it. Their npm packages and
// installers download release binaries, which a closed network lacks, so cargo builds them into .tools/, side by
// side. As debug builds: that halves the wait, and they run for seconds only.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { geckodriver, output, root, Stop, withTools } from "../toolchain.mjs";
import { alreadyThere, quietly, timed } from "./step.mjs";

export async function cargoTools({ forFirefox }) {
  const wanted = lockedVersion("wasm-bindgen");
  const missing = [];
  if (installedVersion("wasm-bindgen") !== wanted) missing.push(["wasm-bindgen-cli", "--version", wanted]);
  if (forFirefox && !geckodriver()) missing.push(["geckodriver"]);

  if (missing.length === 0) {
    return alreadyThere(`wasm-bindgen ${wanted}${forFirefox ? ", geckodriver" : ""}`);
  }
  const names = missing.map(([name]) => name).join(" and ");
  await timed(`building ${names} (about 3 min)`, async () => {
    await Promise.all(missing.map(cargoInstall));
  });
}

function lockedVersion(crate) {
  const file = path.join(root, "Cargo.lock");
  const lock = existsSync(file) ? readFileSync(file, "utf8") : "";
  const version = lock.match(new RegExp(`name = "${crate}"\nversion = "(.+)"`));
  if (!version) {
    throw new Stop(
      `${file} names no ${crate}, so the tool to match it cannot be chosen. Run \`cargo generate-lockfile\`.`,
    );
  }
  return version[1];
}

function installedVersion(tool) {
  return output(tool, ["--version"], { env: withTools() })?.split(" ")[1];
}

// The exact versions its author tested, unless the registry at hand lacks one of them.
async function cargoInstall(crate) {
  const args = ["install", "--root", path.join(root, ".tools"), "--debug", "--force", ...crate];
  const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: "0", CARGO_INCREMENTAL: "0" };
  await quietly("cargo", [...args, "--locked"], env).catch(() => quietly("cargo", args, env));
}
