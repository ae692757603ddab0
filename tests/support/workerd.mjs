// workerd itself, without Miniflare around it: one process, which starts fast and can be killed like any other.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { temporaryFolder } from "../../scripts/temporary.mjs";

// The very workerd that Miniflare brings along.
const { default: program } = createRequire(import.meta.resolve("miniflare"))("workerd");

/**
 * Bundles the Worker `entry`, whose one class of Durable Objects, `className`, has SQLite and is bound as `OBJECT`; what the objects keep is
 * in `folder`. `start()` starts a process and resolves with `{ url, pid, kill() }`; `close()` removes the bundle.
 */
export async function bundledWorker(entry, className, folder) {
  const bundle = temporaryFolder("workerd");
  const close = () => rm(bundle, { recursive: true, force: true });
  try {
    await build({
      entryPoints: { worker: entry },
      outdir: bundle,
      bundle: true,
      format: "esm",
      target: "es2024",
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:*"],
      // The import is left in the bundle, and the wasm is copied beside it.
      loader: { ".wasm": "copy" },
    });
    const wasm = (await readdir(bundle)).filter((name) => name.endsWith(".wasm"));
    const config = path.join(bundle, "config.capnp");
    await mkdir(folder, { recursive: true });
    await writeFile(config, configOf(className, wasm, folder));
    return { start: () => start(config), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const configOf = (className, wasm, folder) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "disk", disk = (path = ${JSON.stringify(folder)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-04-01",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    ${wasm.map((name) => `(name = "./${name}", wasm = embed "${name}"),`).join("\n    ")}
  ],
  durableObjectNamespaces = [(className = "${className}", uniqueKey = "${className}", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "OBJECT", durableObjectNamespace = "${className}")],
);
`;

async function start(config) {
  const child = spawn(program, ["serve", "--control-fd=3", config], {
    stdio: ["ignore", "inherit", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  const [line] = await Promise.race([once(child.stdio[3], "data"), ended]);
  if (typeof line === "number" || line === null) throw new Error(`workerd did not start: ${errors}`);
  return {
    url: `http://127.0.0.1:${JSON.parse(line).port}/`,
    pid: child.pid,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
