// Every suite of tests, by part. `npm test` runs all parts, `npm test -- node chromium` runs two of them.
//
// To add a suite, add a line to its part:
//   check("name", "command with its arguments")     anything that fails with an exit code
//   cargo("name", "arguments of cargo test")        its tests are counted, and `npm test -- rust PATTERN` picks among them
//   node("name", "tests/folder", "prefix")          the folder's files prefix*.test.mjs, counted and picked in the same way
// Two suites run beside each other. Those of one lane follow each other, as `inLane` says: two that build in the same target folder
// would wait for each other anyway, and two browsers would take each other's time.

import { readdirSync } from "node:fs";
import path from "node:path";
import { hasWebKit, root, TARGET, wasmEnv, withTools } from "../toolchain.mjs";
import { chromiumDriver, firefoxDriver, webkitDriver } from "./drivers.mjs";

const CLIPPY = "cargo clippy --all-targets --all-features";
const DENY = "-- -D warnings";

/** The suites of these parts, those of the built package after its build. */
export function suitesOf(parts) {
  const build = { ...check("package", "node scripts/build.mjs"), lane: "wasm", builds: true };
  const suites = parts.flatMap((name) => {
    const part = PARTS[name];
    return part.suites().map((suite) => ({ ...suite, needsPackage: part.needsPackage }));
  });
  return suites.some(({ needsPackage }) => needsPackage) ? [build, ...suites] : suites;
}

/** Each part: what it has to have set up for it, whether it tests the built package, and its suites. */
export const PARTS = {
  rust: {
    needs: [],
    needsPackage: false,
    suites: () => [
      ...inLane("native", [
        check("rustfmt", "cargo fmt --check"),
        check("clippy", `${CLIPPY} ${DENY}`),
        cargo("cargo test", "--all-features"),
        check("cargo doc", "cargo doc --no-deps --all-features", { RUSTDOCFLAGS: "-D warnings" }),
      ]),
      ...inLane("wasm", [check("clippy wasm32", `${CLIPPY} --target ${TARGET} ${DENY}`, wasmEnv())]),
    ],
  },

  node: {
    needs: [],
    needsPackage: true,
    suites: () => [
      ...inLane("wasm", [wasm("wasm in Node", { env: { WASM_BINDGEN_TEST_ONLY_NODE: "1" } })]),
      check("prettier", "prettier --check --cache --cache-location target/prettier ."),
      check("tsc", "tsc --noEmit -p pkg/tsconfig.json"),
      check("tsc console", "tsc -p www/tsconfig.json"),
      check("types", "tsc -p tests/types"),
      node("declarations", "tests/types"),
      node("JavaScript in Node", "tests/node"),
    ],
  },

  chromium: {
    needs: ["chromium"],
    needsPackage: true,
    suites: () =>
      inLane("browsers", [
        wasm("wasm in Chromium", chromiumDriver()),
        node("JavaScript in Chromium", "tests/browser", "chromium"),
        check("demo", "node demo/run.mjs"),
      ]),
  },

  firefox: {
    needs: ["firefox"],
    needsPackage: true,
    suites: () =>
      inLane("browsers", [
        wasm("wasm in Firefox", firefoxDriver()),
        node("JavaScript in Firefox", "tests/browser", "firefox"),
      ]),
  },

  webkit: {
    needs: ["webkit"],
    needsPackage: true,
    // On other systems there is no WebKitGTK.
    suites: () =>
      hasWebKit
        ? inLane("browsers", [
            wasm("wasm in WebKit", webkitDriver()),
            node("JavaScript in WebKit", "tests/browser", "webkit"),
          ])
        : [],
  },

  packaging: {
    needs: ["chromium", "environments"],
    needsPackage: true,
    suites: () => [
      node("packaging", "tests/packaging"),
      // Beside the crates of a Rust user's program.
      node("Rust neighbours", "tests/neighbours"),
      ...inLane("packed", [
        check("publint", "publint run pkg --strict --pack npm"),
        check("attw", "attw --pack pkg --entrypoints . inline connect serve"),
        check("attw, import only", "attw --pack pkg --profile esm-only --entrypoints wasm"),
      ]),
    ],
  },

  servers: {
    needs: ["chromium", "environments"],
    needsPackage: true,
    suites: () => [
      node("SQLite on servers", "tests/servers"),
      node("kills on servers", "tests/kill"),
      node("soaks on servers", "tests/soak"),
    ],
  },

  console: {
    needs: ["chromium"],
    needsPackage: true,
    suites: () => inLane("browsers", [node("console", "tests/e2e")]),
  },

  // Whether the benches still run and every contender stores what it is told; their times are nothing to go by here.
  bench: {
    needs: ["chromium", "environments"],
    needsPackage: true,
    suites: () => [
      // Of the tests' build: a build for speed takes longer than the bench.
      ...inLane("native", [
        check("bench, natively", "cargo bench --profile dev --all-features -- --quick"),
        check("bench, a long life", "cargo bench --profile dev --all-features -- --lifetime --quick"),
      ]),
      ...inLane("browsers", [
        check("bench, in Chromium", "node bench/run.mjs --quick"),
        check("bench, the long ones", "node bench/run.mjs --quick --growth --memory --lifetime"),
      ]),
      check("bench, in Node", "node bench/run.mjs --quick --node"),
      check("bench, at the edge", "node bench/run.mjs --quick --edge"),
    ],
  },
};

/** A command that passes or fails as a whole. */
function check(name, command, env = {}) {
  return { name, command: () => command.split(" "), env: { ...withTools(), ...env } };
}

/** Rust's tests, natively. */
function cargo(name, args) {
  const command = (pattern) => ["cargo", "test", ...args.split(" "), ...(pattern ? [pattern] : [])];
  return { name, picks: true, command, env: withTools() };
}

/** Rust's tests as wasm, run by wasm-bindgen's test runner. `before` is a command that runs cargo. */
function wasm(name, { before = [], env }) {
  const command = (pattern) => [
    ...before,
    "cargo",
    "test",
    "--target",
    TARGET,
    ...(pattern ? [pattern] : []),
  ];
  const runner = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: "wasm-bindgen-test-runner" };
  return { name, picks: true, command, env: { ...wasmEnv(), ...runner, ...env } };
}

/** A folder's files for Node's test runner, named one by one: Node 20 knows no patterns here. */
function node(name, folder, prefix = "") {
  const command = (pattern) => {
    const names = readdirSync(path.join(root, folder));
    const files = names.filter((file) => file.startsWith(prefix) && file.endsWith(".test.mjs"));
    const picked = pattern ? [`--test-name-pattern=${pattern}`] : [];
    return ["node", "--test", "--test-reporter=spec", ...picked, ...files.map((file) => `${folder}/${file}`)];
  };
  return { name, picks: true, command, env: withTools() };
}

function inLane(lane, suites) {
  return suites.map((suite) => ({ ...suite, lane }));
}
