// Runs everything that can tell whether the project is sound: style, types, lints, and the tests natively, in Node
// and in browsers. A failure does not stop the suites after it. The last line is the sum.

import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { browser, firefox, geckodriver, hasWebKit, main, onPath } from "./toolchain.mjs";
import { root, run, TARGET, wasmEnv, withTools } from "./toolchain.mjs";

await main(async () => {
  if (!prepared()) {
    console.log("\n0 passed, 1 failed");
    process.exitCode = 1;
    return;
  }

  const results = [];
  for (const [name, env, ...command] of suites()) results.push(await runSuite(name, env, command));

  console.log(`\n${table(results)}\n`);
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  console.log(`${total("passed")} passed, ${total("failed")} failed`);
  if (total("failed") > 0) process.exitCode = 1;
});

/** Sets up and builds. Where that fails no suite could tell anything. */
function prepared() {
  try {
    run("node", ["scripts/setup.mjs", "--tests"]);
    run("node", ["scripts/build.mjs"]);
    return true;
  } catch (error) {
    console.error(`\n${error.message}`);
    return false;
  }
}

/** Every suite: its name, its environment, its command. */
function suites() {
  const native = withTools();
  const wasm = wasmEnv();
  const docs = { ...native, RUSTDOCFLAGS: "-D warnings" };
  const { chrome, chromedriver } = browser();
  const inBrowsers = browserTestEnv(wasm, chrome);
  const inChromium = ["--headless", "--chrome", "--chromedriver", chromedriver];
  const inFirefox = ["--headless", "--firefox", "--geckodriver", geckodriver()];
  // wasm-pack knows WebKit as Safari; its drivers speak the same protocol.
  const inWebKit = ["--headless", "--safari", "--safaridriver", onPath("WebKitWebDriver")];
  const onDisplay = ["node", "scripts/on-display.mjs"];
  const denyWarnings = ["--", "-D", "warnings"];
  const wasmPackTest = ["wasm-pack", "test", "--mode", "no-install"];
  const lint = ["cargo", "clippy", "--all-targets", "--all-features"];
  return [
    ["rustfmt", native, "cargo", "fmt", "--check"],
    ["prettier", native, "prettier", "--check", "."],
    ["tsc", native, "tsc", "--noEmit", "-p", "pkg/tsconfig.json"],
    ["tsc console", native, "tsc", "-p", "www/tsconfig.json"],
    ["types", native, "tsc", "-p", "tests/types"],
    ["declarations", native, "node", "--test", "--test-reporter=spec", "tests/types/declarations.test.mjs"],
    ["publint", native, "publint", "run", "pkg", "--strict", "--pack", "npm"],
    ["attw", native, "attw", "--pack", "pkg", "--entrypoints", "."],
    [
      "attw, import only",
      native,
      "attw",
      "--pack",
      "pkg",
      "--profile",
      "esm-only",
      "--entrypoints",
      "inline",
      "wasm",
    ],
    ["clippy", native, ...lint, ...denyWarnings],
    ["clippy wasm32", wasm, ...lint, "--target", TARGET, ...denyWarnings],
    ["cargo test", native, "cargo", "test", "--all-features"],
    ["cargo doc", docs, "cargo", "doc", "--no-deps", "--all-features"],
    ["wasm in Node", wasm, ...wasmPackTest, "--node"],
    ["wasm in Chromium", inBrowsers, ...wasmPackTest, ...inChromium],
    ["wasm in Firefox", inBrowsers, ...wasmPackTest, ...inFirefox],
    ...(hasWebKit ? [["wasm in WebKit", inBrowsers, ...onDisplay, ...wasmPackTest, ...inWebKit]] : []),
    ["demo", native, "node", "demo/run.mjs"],
    ["JavaScript in Node", native, ...nodeTests("tests/node")],
    ["JavaScript in browsers", native, ...nodeTests("tests/browser")],
    ["packaging", native, ...nodeTests("tests/packaging")],
    // Whether the benches still run and every contender stores what it is told; their times are nothing to go by here.
    ["bench, natively", native, "cargo", "bench", "--features", "sqlite", "--", "--quick"],
    ["bench, in Chromium", native, "node", "bench/run.mjs", "--quick"],
    ["bench, the long ones", native, "node", "bench/run.mjs", "--quick", "--growth", "--memory"],
    ["console", native, ...nodeTests("tests/e2e")],
  ];
}

// Named one by one: Node 20 knows no patterns here, and without any name it would look for tests everywhere.
function nodeTests(folder) {
  const files = readdirSync(path.join(root, folder)).filter((file) => file.endsWith(".test.mjs"));
  const paths = files
    .filter((file) => hasWebKit || file !== "webkit.test.mjs")
    .map((file) => `${folder}/${file}`);
  return ["node", "--test", "--test-reporter=spec", ...paths];
}

// What wasm-bindgen's test runner has to be told: the flags in webdriver.json with the very browsers that we found,
// where the drivers would look for their own; and more time than its 20 s, which a busy machine overruns. It would
// take any driver that is named here before the one that wasm-pack hands it.
function browserTestEnv(wasm, chrome) {
  const config = JSON.parse(readFileSync(path.join(root, "webdriver.json"), "utf8"));
  config["goog:chromeOptions"].binary = chrome;
  config["moz:firefoxOptions"].binary = firefox();
  const file = path.join(root, "target/webdriver.json");
  writeFileSync(file, JSON.stringify(config));
  const { GECKODRIVER, CHROMEDRIVER, SAFARIDRIVER, ...env } = wasm;
  return { ...env, WASM_BINDGEN_TEST_WEBDRIVER_JSON: file, WASM_BINDGEN_TEST_TIMEOUT: "120" };
}

async function runSuite(name, env, [command, ...args]) {
  console.log(`\n── ${name}: ${[command, ...args].join(" ")}\n`);
  const start = Date.now();
  const { code, text } = await showAndKeep(command, args, env);
  const seconds = (Date.now() - start) / 1000;
  return { name, seconds, ...count(code, text) };
}

/** Runs a command, shows its output as it comes, and keeps it to be counted. */
function showAndKeep(command, args, env) {
  const colours = process.stdout.isTTY ? { CARGO_TERM_COLOR: "always", FORCE_COLOR: "1" } : {};
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...env, ...colours }, stdio: ["ignore", "pipe", "pipe"] };
    const child = spawn(command, args, options);
    let text = "";
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding("utf8").on("data", (data) => {
        text += data;
        to.write(data);
      });
    }
    child.on("error", (error) => {
      console.error(`could not start ${command}: ${error.message}`);
      resolve({ code: 1, text });
    });
    child.on("close", (code) => resolve({ code, text: stripVTControlCharacters(text) }));
  });
}

/** The tests a suite ran. One without a test runner counts as one, and so does one that broke outside its tests. */
function count(code, text) {
  const cargo = [...text.matchAll(/^test result: .*?(\d+) passed; (\d+) failed;/gm)];
  const node = [...text.matchAll(/^(?:#|ℹ) pass (\d+)\n(?:#|ℹ) fail (\d+)$/gm)];
  const runners = [...cargo, ...node];
  const sum = (group) => runners.reduce((total, match) => total + Number(match[group]), 0);

  const failed = sum(2) || (code === 0 ? 0 : 1);
  const passed = runners.length === 0 && failed === 0 ? 1 : sum(1);
  return { passed, failed };
}

function table(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  const row = ({ name, seconds, passed, failed }) =>
    [
      name.padEnd(width),
      failed === 0 ? "ok    " : "FAILED",
      `${seconds.toFixed(1)} s`.padStart(8),
      `${passed} passed, ${failed} failed`,
    ].join("  ");
  return results.map(row).join("\n");
}
