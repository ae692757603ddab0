// `npm run bench`: the workloads in Chromium, burrow beside what a user would take instead, in one run.

import path from "node:path";
import { parseArgs } from "node:util";
import { browser, firefox, main, output, root, run as runCommand, Stop } from "../scripts/toolchain.mjs";
import { contender, contenders } from "./browser/contenders.mjs";

const WORKLOADS = ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8"];

// `chromium-sqlite` has its IndexedDB on SQLite, on which it is going to be for all.
const BROWSERS = ["chromium", "chromium-sqlite", "firefox"];

const OPTIONS = {
  quick: { type: "boolean", default: false },
  growth: { type: "boolean", default: false },
  memory: { type: "boolean", default: false },
  lifetime: { type: "boolean", default: false },
  node: { type: "boolean", default: false },
  edge: { type: "boolean", default: false },
  only: { type: "string" },
  against: { type: "string" },
  browser: { type: "string", default: "chromium" },
};

await main(async () => {
  const options = parse();
  if (options.node) return inNode(options);
  if (options.edge) return atTheEdge(options);
  const isFirefox = options.browser === "firefox";
  runCommand("node", ["scripts/setup.mjs", isFirefox ? "firefox" : "chromium"]);
  runCommand("node", ["scripts/build.mjs"]);
  console.log(`\n${output(isFirefox ? firefox() : browser().chrome, ["--version"])}, ${options.browser}`);
  if (options.quick) console.log("Quick: this tries the bench. Its times say nothing.");
  const { compare } = await import("./browser/compare.mjs");
  const { growth } = await import("./browser/growth.mjs");
  const { memory } = await import("./browser/memory.mjs");
  const { lifetime } = await import("./browser/lifetime.mjs");
  if (!options.growth && !options.memory && !options.lifetime) await compare(options);
  if (options.growth) await growth(options);
  if (options.memory) await memory(options);
  if (options.lifetime) await lifetime(options);
});

/** On an SQLite file, in the newest Node that the tests have: this one may have no SQLite. */
function inNode({ quick }) {
  runCommand("node", ["scripts/setup.mjs", "environments"]);
  runCommand("node", ["scripts/build.mjs"]);
  const node = path.join(root, "tests/packaging/environments/node_modules/node24/bin/node");
  runCommand(node, ["--no-warnings", "bench/node/run.mjs", ...(quick ? ["--quick"] : [])]);
}

/** On the edge service, in workerd. */
function atTheEdge({ quick }) {
  runCommand("node", ["scripts/setup.mjs"]);
  runCommand("node", ["scripts/build.mjs"]);
  runCommand("node", ["bench/edge/run.mjs", ...(quick ? ["--quick"] : [])]);
}

function parse() {
  let values;
  try {
    ({ values } = parseArgs({ options: OPTIONS }));
  } catch (error) {
    throw new Stop(`${error.message}. There are --${Object.keys(OPTIONS).join(", --")}.`);
  }
  if (!BROWSERS.includes(values.browser)) {
    throw new Stop(`--browser: there is no "${values.browser}". There are ${BROWSERS.join(", ")}.`);
  }
  const { browser, growth, memory, lifetime, node, edge } = values;
  if (browser !== "chromium" && (growth || memory || lifetime || node || edge)) {
    throw new Stop(
      "--browser is for the workloads; --growth, --memory, --lifetime, --node and --edge have their own.",
    );
  }
  return {
    ...values,
    only: chosenWorkloads(values.only),
    against: values.against?.split(",").map(contender) ?? contenders,
  };
}

/** The workloads that the option lists; without it, all. */
function chosenWorkloads(list) {
  if (list === undefined) return WORKLOADS;
  const listed = list.split(",");
  const unknown = listed.find((name) => !WORKLOADS.includes(name));
  if (unknown !== undefined) {
    throw new Stop(
      `--only: there is no "${unknown}". There are ${WORKLOADS.join(", ")}, separated by commas.`,
    );
  }
  return listed;
}
