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

/**
 * Serves a folder, the project's unless another is named; `headers` go with every answer, or are a function of its query.
 * `instead` is the page that it answers with for what it does not have, as servers of one-page applications do. `close()` ends it.
 */
export async function serve({ folder = root, headers = {}, instead } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const read = (name) => readFile(path.join(folder, name)).catch(() => undefined);
    const name = path.normalize(decodeURIComponent(pathname));
    let type = TYPES[path.extname(name)];
    let body = type && (await read(name));
    if (!body && instead) [type, body] = ["text/html", await read(instead)];
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
