// Starts a Worker in workerd on loopback, bundled as Wrangler would, on the settings of its wrangler.jsonc.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { temporaryFolder } from "../../scripts/temporary.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * Starts the Worker of a folder, this one's unless another is named. Resolves once it answers; `close()` ends it. `persist` is a folder
 * for what its Durable Objects keep, which otherwise ends with it; `bindings` are its secrets, and variables in the place of those in
 * the settings.
 */
export async function start(folder = here, { persist, bindings } = {}) {
  const config = settings(folder);
  const bundle = temporaryFolder("edge");
  await build({
    absWorkingDir: folder,
    entryPoints: [config.main],
    outdir: bundle,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    // The import is left in the bundle, and the wasm is copied beside it.
    loader: { ".wasm": "copy" },
  });
  const worker = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    modules: true,
    rootPath: bundle,
    modulesRoot: ".",
    scriptPath: config.main,
    modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
    compatibilityDate: config.compatibility_date,
    bindings: { ...config.vars, ...bindings },
    durableObjects: durableObjects(config),
    ...(persist && { durableObjectsPersist: persist }),
    cf: false,
    telemetry: { enabled: false },
  });
  const close = () => worker.dispose();
  try {
    return { url: await worker.ready, close };
  } catch (error) {
    // Miniflare listens before workerd has started, and would keep this process alive.
    await close().catch(() => {});
    throw error;
  }
}

/** JSON with comments and commas at the end, which JavaScript reads. */
function settings(folder) {
  const files = ["wrangler.jsonc", "wrangler.json"].map((name) => path.join(folder, name));
  return runInNewContext(`(${readFileSync(files.find(existsSync), "utf8")})`);
}

/** The classes of Durable Objects, by the names of their bindings. */
function durableObjects({ durable_objects: { bindings = [] } = {}, migrations = [] }) {
  const withSqlite = migrations.flatMap(({ new_sqlite_classes = [] }) => new_sqlite_classes);
  return Object.fromEntries(
    bindings.map(({ name, class_name: className }) => [
      name,
      { className, useSQLite: withSqlite.includes(className) },
    ]),
  );
}
