// Runs suites. A failure does not stop those after it.

import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { beforeEnding } from "../temporary.mjs";
import { root } from "../toolchain.mjs";
import { count } from "./count.mjs";
import { output } from "./output.mjs";

/** How many suites run beside each other: a compiler takes every core that there is, but browsers and servers are waited for. */
const AT_ONCE = 2;

/**
 * Runs the suites, each as soon as there is room for it and nothing else runs in its lane. Where the package cannot be built, those
 * that need it are left out: all they could tell is that it is not there.
 */
export async function runSuites(suites, pattern) {
  const results = new Map();
  const running = new Map();
  let waiting = suites;
  let builds = suites.some((suite) => suite.builds);

  const mayBegin = ({ lane, needsPackage }) =>
    !(builds && needsPackage) && !(lane && [...running.keys()].some((other) => other.lane === lane));
  const begin = async (suite) => {
    const result = await runSuite(suite, pattern);
    running.delete(suite);
    results.set(suite, result);
    if (!suite.builds) return;
    builds = false;
    if (result.failed === 0) built.BURROW_BUILT = "1";
    else waiting = waiting.filter(({ needsPackage }) => !needsPackage);
  };
  for (;;) {
    const next = running.size < AT_ONCE && !isEnding ? waiting.find(mayBegin) : undefined;
    if (next) {
      waiting = waiting.filter((suite) => suite !== next);
      running.set(next, begin(next));
    } else if (running.size > 0) await Promise.race(running.values());
    else return suites.map((suite) => results.get(suite)).filter(Boolean);
  }
}

/** What the environment of a suite says once the package is built: all of them use it, and none may build it again meanwhile. */
const built = {};

async function runSuite({ name, command, env, picks }, pattern) {
  const [program, ...args] = command(pattern);
  const shown = output();
  shown.write(process.stdout, `\n── ${name}: ${[program, ...args].join(" ")}\n\n`);
  const start = Date.now();
  const { code, text: shownText } = await showAndKeep(program, args, { ...env, ...built }, shown);
  const text = stripVTControlCharacters(shownText);
  const seconds = (Date.now() - start) / 1000;
  shown.end();
  return { name, picks, seconds, text, ...count(code, text, picks && pattern) };
}

const children = new Map();
let isEnding = false;
beforeEnding(() => {
  isEnding = true;
  for (const child of children.keys()) process.kill(-child.pid, "SIGTERM");
  return Promise.all(children.values());
});

/** Runs a command to its end, and shows and keeps its output, to be counted. */
function showAndKeep(command, args, env, shown) {
  const colours = process.stdout.isTTY ? { CARGO_TERM_COLOR: "always", FORCE_COLOR: "1" } : {};
  return new Promise((resolve) => {
    // In a process group, which a signal ends as one: cargo alone would leave what it runs.
    const stdio = ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd: root, env: { ...env, ...colours }, stdio, detached: true });
    children.set(child, new Promise((closed) => child.once("close", closed)));
    let text = "";
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding("utf8").on("data", (data) => {
        text += data;
        shown.write(to, data);
      });
    }
    child.on("error", (error) => (text += `could not start ${command}: ${error.message}`));
    child.on("close", (code) => {
      children.delete(child);
      resolve({ code, text });
    });
  });
}
