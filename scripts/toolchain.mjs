// What every script needs to know about this machine: which Rust compiles to wasm32, which browser to drive,
// and how to run a command so that its failure is told in one sentence. Only Node's own modules: the scripts
// run before `npm ci`.

import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const TARGET = "wasm32-unknown-unknown";
/** rustup's name for Debian's compiler, linked where rustup has no wasm32 to offer. */
export const DEBIAN_TOOLCHAIN = "burrow-wasm";

/** A failure whose message is all the reader needs: what happened, to what, what to do. */
export class Stop extends Error {}

/** Runs a script's body; a `Stop` ends it with its message and exit code 1, without a stack trace. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

/** Runs a command in the project, its output going straight to ours. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  const line = [command, ...args].join(" ");
  if (error) throw new Stop(`could not start \`${line}\`: ${error.message}. Run \`npm run setup\`.`);
  if (signal) throw new Stop(`\`${line}\` was ended by ${signal}.`);
  if (status !== 0) throw new Stop(`\`${line}\` failed with exit code ${status}; its output is above.`);
}

/** What a command prints, trimmed, or undefined if it cannot be started or fails. */
export function output(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  return status === 0 ? stdout.trim() : undefined;
}

/** The full path of a program on PATH, or undefined. */
export function onPath(name) {
  return process.env.PATH.split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find(isProgram);
}

/**
 * The environment for all wasm32 work, its compiler's output kept apart from the native one's. Tests have no debug information, which
 * nothing reads there and wasm-bindgen goes through (a file of tests has 82 MB with it), and are made a little faster: they run in
 * every browser and on every SQLite of JavaScript's.
 */
export function wasmEnv() {
  const toolchain = wasmToolchain();
  if (!toolchain) throw new Stop(`No installed Rust compiles to ${TARGET}. Run \`npm run setup\`.`);
  return {
    ...withTools(),
    ...toolchain,
    CARGO_TARGET_DIR: path.join(root, "target/wasm"),
    CARGO_PROFILE_DEV_DEBUG: "0",
    CARGO_PROFILE_DEV_OPT_LEVEL: "1",
  };
}

/** The environment that selects a Rust able to compile to wasm32, or undefined if none is installed. */
export function wasmToolchain() {
  return [{}, { RUSTUP_TOOLCHAIN: DEBIAN_TOOLCHAIN }].find(compilesToWasm);
}

/** Our environment with the project's own tools found first. */
export function withTools() {
  const folders = [path.join(root, ".tools/bin"), path.join(root, "node_modules/.bin"), process.env.PATH];
  return { ...process.env, PATH: folders.join(path.delimiter) };
}

/** The paths of a Chrome or Chromium and of the chromedriver made for it; CHROME and CHROMEDRIVER, if set, say where. */
export function browser() {
  const chrome = process.env.CHROME ?? CHROMES.map(onPath).find(Boolean) ?? MAC_CHROMES.find(isProgram);
  if (!chrome) throw new Stop("No Chrome or Chromium found. Run `npm run setup`, or set CHROME.");
  const chromedriver = process.env.CHROMEDRIVER ?? onPath("chromedriver");
  if (!chromedriver) throw new Stop("No chromedriver found. Run `npm run setup`, or set CHROMEDRIVER.");

  const [browserMajor, driverMajor] = [chrome, chromedriver].map(majorVersion);
  if (browserMajor !== driverMajor) {
    throw new Stop(
      `${chrome} is version ${browserMajor}, but ${chromedriver} drives version ${driverMajor}. ` +
        "Install a matching pair, or set CHROME and CHROMEDRIVER to one.",
    );
  }
  return { chrome, chromedriver };
}

/** The path of a Firefox, or undefined; FIREFOX, if set, says where. */
export function firefox() {
  return process.env.FIREFOX ?? FIREFOXES.map(onPath).find(Boolean) ?? MAC_FIREFOXES.find(isProgram);
}

/** The path of geckodriver, or undefined; GECKODRIVER, if set, says where. */
export function geckodriver() {
  const own = path.join(root, ".tools/bin/geckodriver");
  return process.env.GECKODRIVER ?? (isProgram(own) ? own : onPath("geckodriver"));
}

/** Whether this system can have WebKitGTK at all. */
export const hasWebKit = process.platform === "linux";

const FIREFOXES = ["firefox", "firefox-esr"];
const MAC_FIREFOXES = ["/Applications/Firefox.app/Contents/MacOS/firefox"];
const CHROMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC_CHROMES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

function majorVersion(program) {
  const version = output(program, ["--version"])?.match(/(\d+)\.\d+\.\d+/);
  if (!version) throw new Stop(`\`${program} --version\` did not tell a version. Is it a working program?`);
  return version[1];
}

// Compiling an empty crate also notices a standard library left behind by an older compiler (error E0514).
function compilesToWasm(toolchain) {
  const into = ["--out-dir", path.join(root, "target")];
  const args = ["--target", TARGET, "--crate-type", "lib", "--emit", "metadata", ...into, "-"];
  return output("rustc", args, { env: { ...process.env, ...toolchain }, input: "" }) !== undefined;
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
