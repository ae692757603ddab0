// What an editor shows: the declarations themselves, as they are packed.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

const folder = new URL("../../pkg/dist/", import.meta.url);
const names = (await readdir(folder)).filter((name) => name.endsWith(".d.ts"));
const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), "utf8")));
const declarations = names.map((name, i) => ({ name, lines: texts[i].split("\n") }));

const isComment = (line) => /^\s*(\/\*\*|\*|\/\/)/.test(line);

test("they are there, and lead nowhere else", () => {
  assert.ok(names.includes("browser.d.ts"));
  for (const [, from] of texts.join("\n").matchAll(/from "(.*?)"/g)) {
    assert.ok(names.includes(from.replace("./", "").replace(".js", ".d.ts")), from);
  }
});

test("nothing is `any`", () => {
  for (const { name, lines } of declarations) {
    for (const line of lines.filter((line) => !isComment(line))) assert.doesNotMatch(line, /\bany\b/, name);
  }
});

test("whatever has a name has a comment", () => {
  const bare = [];
  let described = 0;
  for (const { name, lines } of declarations) {
    let block = "";
    lines.forEach((line, i) => {
      if (/^(export|type) /.test(line)) block = line;
      const declared =
        /^export (declare )?(class|function|interface|type) \w/.test(line) ||
        (/(interface|class) /.test(block) &&
          /^ {4}(static |readonly |get )?[\w[\].]+\??(\(.*\))?: .*[;{]$/.test(line)) ||
        /^ {4}constructor\(/.test(line) ||
        /^ \| "\w+"/.test(line);
      // Some members are only there to be absent.
      if (!declared || line.includes("?: never;")) return;
      described += 1;
      if (!lines[i - 1].trimEnd().endsWith("*/")) bare.push(`${name}: ${line.trim()}`);
    });
  }
  assert.ok(described > 120, `only ${described} were found`);
  assert.deepEqual(bare, []);
});

test("the manual says of every error code what to do", async () => {
  const manual = await readFile(new URL("../../pkg/README.md", import.meta.url), "utf8");
  const [, type] = texts[names.indexOf("error.d.ts")].match(/type ErrorCode =([^]*?";)/);
  const codes = [...type.matchAll(/"(\w+)"/g)].map(([, code]) => code);
  const rows = manual.split("\n").filter((line) => /^\| `[A-Z]/.test(line));
  const named = rows.flatMap((row) => [...row.split("|")[1].matchAll(/`(\w+)`/g)].map(([, code]) => code));
  assert.deepEqual(named.sort(), codes.sort());
});
