// Files whose tests are all left out by a pattern begin nothing that goes on beneath the runner.

import assert from "node:assert/strict";
import { test } from "node:test";
import { root } from "../../scripts/toolchain.mjs";
import { runWith } from "../packaging/consumer.mjs";

for (const name of ["edge", "edge-marks", "edge-messages"]) {
  test(`a pattern that picks no test of ${name}.test.mjs fails none`, async () => {
    const pick = ["--test", "--test-reporter=tap", "--test-name-pattern=^no test has this name$"];
    const printed = await runWith({}, root, process.execPath, ...pick, `tests/servers/${name}.test.mjs`);
    assert.match(printed, /^# fail 0$/m);
    assert.doesNotMatch(printed, /asynchronous activity/);
  });
}
