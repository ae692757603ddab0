// The console, built as it would be deployed, and served on loopback.

import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

// No code from elsewhere, no more than WebAssembly needs, and connections to services at the edge: deployed, or on loopback.
const LOOPBACK = "http://127.0.0.1:* ws://127.0.0.1:*";
const POLICY = `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; connect-src 'self' https: wss: ${LOOPBACK}`;

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
