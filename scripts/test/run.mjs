// Runs suites. A failure does not stop those after it.

import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { beforeEnding } from "../temporary.mjs";
import { root } from "../toolchain.mjs";
import { count } from "./count.mjs";

const running = new Map();
let ending = false;
beforeEnding(() => {
  ending = true;
  for (const child of running.keys()) process.kill(-child.pid, "SIGTERM");
  return Promise.all(running.values());
});

/**
 * Runs the lanes beside each other, then the suites that need the machine to themselves. Where the package cannot be
 * built, the suites that need it are left out: all they could tell is that it is not there.
 */
export async function runSuites(suites, pattern) {
  let built = true;
  const inTurn = async (lane) => {
    const results = [];
    for (const suite of suites.filter((suite) => suite.lane === lane)) {
      if (ending) break;
      if (suite.needsPackage && !built) continue;
      const result = await runSuite(suite, pattern);
      if (suite.builds) built = result.failed === 0;
      results.push(result);
    }
    return results;
  };

  const lanes = new Set(suites.map(({ lane }) => lane).filter(Boolean));
  const beside = await Promise.all([...lanes].map(inTurn));
  return [...beside.flat(), ...(await inTurn(undefined))];
}

async function runSuite({ name, command, env, lane, picks }, pattern) {
  const [program, ...args] = command(pattern);
  const title = `\n── ${name}: ${[program, ...args].join(" ")}\n`;
  // What runs beside something else is shown when it has ended: two suites' lines would mix.
  const show = lane ? undefined : (stream, data) => stream.write(data);
  if (show) console.log(title);
  const start = Date.now();
  const { code, text } = await showAndKeep(program, args, env, show);
  const seconds = (Date.now() - start) / 1000;
  if (!show) console.log(`${title}\n${text}`);
  return { name, picks, seconds, ...count(code, stripVTControlCharacters(text), picks && pattern) };
}

/** Runs a command to its end and keeps its output, to be counted; `show` gets the output as it comes. */
function showAndKeep(command, args, env, show) {
  const colours = process.stdout.isTTY ? { CARGO_TERM_COLOR: "always", FORCE_COLOR: "1" } : {};
  return new Promise((resolve) => {
    // In a process group, which a signal ends as one: cargo alone would leave what it runs.
    const stdio = ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd: root, env: { ...env, ...colours }, stdio, detached: true });
    running.set(child, new Promise((closed) => child.once("close", closed)));
    let text = "";
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding("utf8").on("data", (data) => {
        text += data;
        show?.(to, data);
      });
    }
    child.on("error", (error) => resolve({ code: 1, text: `could not start ${command}: ${error.message}` }));
    child.on("close", (code) => {
      running.delete(child);
      resolve({ code, text });
    });
  });
}
