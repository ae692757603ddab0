// Installs packages where a Debian-like system and root make that possible. Anywhere else it says which command
// to run, and stops: a script that asks for a password halfway is worse than one that says what it needs.

import { onPath, output, Stop } from "../toolchain.mjs";
import { quietly } from "./step.mjs";

let updated = false;

export const hasApt = () => onPath("apt-get") !== undefined;

export async function aptInstall(packages) {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;

  const install = ["install", "-y", "--no-install-recommends", ...missing];
  if (process.getuid() !== 0) {
    throw new Stop(
      `Missing packages: ${missing.join(" ")}. Installing them needs root. Run this, then set up again:\n\n` +
        `  sudo apt-get update && sudo apt-get ${install.join(" ")}`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (!updated) await quietly("apt-get", ["update"], env);
  updated = true;
  await quietly("apt-get", install, env);
}

function isInstalled(name) {
  return output("dpkg-query", ["--show", "--showformat=${db:Status-Status}", name]) === "installed";
}
