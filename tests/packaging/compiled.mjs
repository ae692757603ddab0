// Bundles of webpack and of Rspack, which has the same interface.

import assert from "node:assert/strict";

/** Bundles by a configuration; neither errors nor warnings may come of it. */
export async function compiled(bundler, configuration) {
  // They like pages to load less than 250 kB: that is a matter of taste, all else they say is not.
  const compiler = bundler({ ...configuration, performance: false });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, stats) => (error ? reject(error) : resolve(stats))),
  );
  await new Promise((closed) => compiler.close(closed));
  const { errors, warnings } = stats.toJson({ errors: true, warnings: true });
  assert.deepEqual([errors, warnings], [[], []]);
}
