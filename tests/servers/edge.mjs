// The edge service in workerd on loopback, and ways to ask it.

import { request } from "node:http";
import { start } from "../../examples/edge/start.mjs";
import { SECRET } from "./edge-address.mjs";

export const ORIGIN = "https://console.example";

const BINDINGS = { BURROW_SECRET: SECRET, ALLOWED_ORIGINS: `https://other.example, ${ORIGIN}` };

/** Starts the service, with the options of `start`. */
export function startEdge({ bindings = BINDINGS, persist } = {}) {
  return start(undefined, { persist, bindings });
}

/**
 * Asks over a connection of its own. The path goes as it is. A body is text or bytes, or a function that writes to the request and
 * ends it. Resolves with the answer, or with `{ error }` where the connection ended without one; an upgraded one has its `socket`.
 */
export function ask(url, path, { method = "GET", token, headers = {}, body } = {}) {
  const { hostname, port } = new URL(url);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve) => {
    const options = { hostname, port, path, method, agent: false, headers: { ...authorization, ...headers } };
    let answered = false;
    const asked = request(options, async (response) => {
      answered = true;
      const parts = [];
      try {
        for await (const part of response) parts.push(part);
      } catch (error) {
        return resolve({ error });
      }
      const text = Buffer.concat(parts).toString();
      resolve({ status: response.statusCode, headers: response.headers, text, answer: parsed(text) });
    });
    asked.on("upgrade", (response, socket) => {
      answered = true;
      socket.on("error", () => {});
      resolve({ status: response.statusCode, headers: response.headers, socket });
    });
    asked.on("error", (error) => resolve({ error }));
    asked.on("close", () => answered || resolve({ error: new Error("closed without an answer") }));
    if (typeof body === "function") body(asked);
    else asked.end(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text.split("\n")[0]);
  } catch {
    return undefined;
  }
}

/** What a WebSocket asks for. */
export const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** A message of calls, as `connect` sends it, with other members in the place of its own. */
export function message(calls, { bytes = "", ...members } = {}) {
  const head = { version: 2, client: "0123456789abcdef".repeat(2), batch: 1, calls, ...members };
  return `${JSON.stringify(head)}\n${bytes}`;
}
