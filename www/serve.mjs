// The console, built as it would be deployed, and served on loopback.

import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

// Nothing from elsewhere, and no more than WebAssembly needs.
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:";

/** Builds the console and serves it on a port that is free; `close()` ends it. */
export async function serveConsole() {
  const config = { root: fileURLToPath(new URL(".", import.meta.url)), configFile: false, logLevel: "warn" };
  await build({ ...config, build: { emptyOutDir: true } });
  const server = await preview({
    ...config,
    preview: { host: "127.0.0.1", port: 0, headers: { "content-security-policy": POLICY } },
  });
  const { port } = server.httpServer.address();
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
