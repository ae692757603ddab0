// What burrow depends on, as `deny.toml` allows it, with nothing but what is installed: docs/decisions/029-dependencies.md.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { output, root, TARGET, withTools } from "../../scripts/toolchain.mjs";

const read = (name) => readFileSync(path.join(root, name), "utf8");
const env = withTools();
const HOST = /^host: (.+)$/m.exec(output("rustc", ["-vV"], { env }))[1];

/** What cargo makes of the lock file for a target. */
function metadataOf(target) {
  const args = ["metadata", "--format-version=1", "--offline", "--locked", "--all-features"];
  const text = output("cargo", [...args, "--filter-platform", target], { env, maxBuffer: 2 ** 28 });
  assert.ok(text, `cargo metadata failed for ${target}`);
  return JSON.parse(text);
}

/** Whether a licence expression can be met: `OR` and `/` by one side, `AND` by both, and an exception gives more than its licence. */
function isMet(expression, allowed) {
  const words = expression.match(/[()]|[^\s()/]+|\//g) ?? [];
  const any = () => {
    let met = all();
    while (["OR", "/"].includes(words[0])) met = (words.shift(), all()) || met;
    return met;
  };
  const all = () => {
    let met = one();
    while (words[0] === "AND") met = (words.shift(), one()) && met;
    return met;
  };
  const one = () => {
    const word = words.shift();
    if (word === "(") {
      const met = any();
      assert.equal(words.shift(), ")", expression);
      return met;
    }
    if (words[0] === "WITH") words.splice(0, 2);
    return allowed.includes(word);
  };
  const met = any();
  assert.deepEqual(words, [], expression);
  return met;
}

test("a licence expression is met by what it offers", () => {
  const met = (expression) => isMet(expression, ["MIT", "Zlib"]);
  for (const good of ["MIT", "MIT OR X", "X/MIT", "(X OR MIT) AND Zlib", "Zlib AND MIT", "MIT WITH Y"]) {
    assert.ok(met(good), good);
  }
  for (const bad of ["X", "X OR Y", "MIT AND X", "(MIT OR Zlib) AND X", "X WITH MIT"])
    assert.ok(!met(bad), bad);
});

for (const target of [HOST, TARGET]) {
  test(`${target}: every crate's licence is one that is allowed`, () => {
    const [, list] = /^allow = \[([^\]]*)\]/m.exec(read("deny.toml"));
    const allowed = [...list.matchAll(/"(.+?)"/g)].map(([, name]) => name);
    assert.ok(allowed.length > 2);
    const { packages } = metadataOf(target);
    assert.ok(packages.length > 30);
    const refused = packages.filter(({ license }) => !isMet(license ?? "none", allowed));
    assert.deepEqual(
      refused.map(({ name, license }) => `${name}: ${license}`),
      [],
    );
  });

  test(`${target}: of no crate do users compile two versions`, () => {
    const { packages, resolve } = metadataOf(target);
    const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
    const reached = new Set([resolve.root]);
    for (const id of reached) {
      for (const { pkg, dep_kinds } of nodes.get(id).deps)
        if (dep_kinds.some(({ kind }) => kind !== "dev")) reached.add(pkg);
    }
    const names = packages.filter(({ id }) => reached.has(id)).map(({ name }) => name);
    assert.ok(names.length > 15);
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
  });
}

for (const lock of ["Cargo.lock", "fuzz/Cargo.lock"]) {
  test(`${lock}: every crate comes from crates.io, with a checksum`, () => {
    const crates = read(lock).split("[[package]]\n").slice(1);
    const own = crates.filter((crate) => !crate.includes("\nsource = "));
    assert.ok(crates.length > 20);
    assert.deepEqual(
      own.map((crate) => /^name = "burrow-/.test(crate)),
      own.map(() => true),
    );
    for (const crate of crates) {
      if (own.includes(crate)) continue;
      assert.match(crate, /\nsource = "registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index"\n/);
      assert.match(crate, /\nchecksum = "[0-9a-f]{64}"\n/);
    }
  });
}

test("the package depends on nothing, and no install runs a script that was not allowed", () => {
  const { dependencies, peerDependencies, optionalDependencies, scripts } = JSON.parse(
    read("pkg/package.json"),
  );
  assert.deepEqual([dependencies, peerDependencies, optionalDependencies, scripts], Array(4).fill(undefined));
  const { allowScripts } = JSON.parse(read("package.json"));
  const { packages } = JSON.parse(read("package-lock.json"));
  for (const [place, { resolved, integrity, link, hasInstallScript }] of Object.entries(packages)) {
    if (!place.startsWith("node_modules/") || link) continue;
    const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
    // In a package of another's that is one file it has no address of its own.
    if (resolved !== undefined) {
      assert.match(resolved, /^https:\/\//, name);
      assert.match(integrity ?? "", /^sha512-/, name);
    }
    if (hasInstallScript) assert.ok(name in allowScripts, `${name} runs a script when it is installed`);
  }
});
