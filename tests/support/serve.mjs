// A static file server on loopback, on a free port.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder, the project's unless another is named; `headers` go with every answer, or are a function of its query. `close()` ends it. */
export async function serve({ folder = root, headers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const file = path.join(folder, path.normalize(decodeURIComponent(pathname)));
    const type = TYPES[path.extname(file)];
    const body = type && (await readFile(file).catch(() => undefined));
    response.writeHead(body ? 200 : 404, {
      ...(typeof headers === "function" ? headers(search) : headers),
      "content-type": type ?? "text/plain",
      "cache-control": "no-cache",
    });
    response.end(body ?? "not found");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
