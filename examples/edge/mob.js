// The object of one mob: its store, in its own SQLite, and the sockets of those who watch it.

import { DurableObject } from "cloudflare:workers";
import { openStore } from "burrow-store";
import { LONGEST_MESSAGE, serve } from "burrow-store/serve";
import { bodyOf } from "./body.js";
import { Marks } from "./marks.js";
import { Refusal, refused } from "./refusal.js";

/** The most bytes of JSON-RPC, and the most requests in a batch. */
const RPC_BODY = 2 ** 20;
const RPC_BATCH = 100;

/** The most who watch. */
const SOCKETS = 100;

/** The longest id that can be watched alone: what is attached to a socket is small. */
const LONGEST_ID = 400;

export class Mob extends DurableObject {
  #marks;
  #opening;

  constructor(ctx, env) {
    super(ctx, env);
    this.#marks = new Marks(ctx.storage);
    // The platform answers by itself, and lets the object sleep.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  async fetch(request) {
    try {
      const url = new URL(request.url);
      return await this.#answer(url.pathname.split("/").at(3), request, url);
    } catch (error) {
      return refused(error);
    }
  }

  #answer(part, request, url) {
    switch (part) {
      case "calls":
        return this.#calls(request);
      case "rpc":
        return this.#rpc(request, url);
      case "status":
        return this.#status();
      default:
        return this.#watch(request, url);
    }
  }

  async #calls(request) {
    const message = await bodyOf(request, LONGEST_MESSAGE);
    const store = await this.#store();
    const answer = await serve(store, message, this.#marks.once);
    return new Response(answer, { headers: { "content-type": "application/octet-stream" } });
  }

  async #rpc(request, { pathname, searchParams }) {
    const id = searchParams.get("request");
    if (id !== null && !/^[\da-f]{32}$/.test(id)) {
      throw new Refusal(400, "InvalidInput", "expected 32 hexadecimal digits", { argument: "request" });
    }
    const body = await bodyOf(request, RPC_BODY);
    const text = new TextDecoder().decode(body);
    const count = requestsIn(text);
    if (count > RPC_BATCH) {
      throw new Refusal(413, "TooLarge", `a batch has at most ${RPC_BATCH} requests here, got ${count}`);
    }
    const mob = (searchParams.get("mob") ?? decodeURIComponent(pathname.split("/")[2])) || undefined;
    const store = await this.#store();
    const answer = await this.#marks.alone(() => store.rpc(text, mob));
    // Names the request, since a proxy in between may give the answer to another one.
    const named = id === null ? {} : { "burrow-request": id };
    if (answer === undefined) return new Response(null, { status: 204, headers: named });
    return new Response(answer, { headers: { "content-type": "application/json", ...named } });
  }

  async #status() {
    const store = await this.#store();
    const { backend, durability, dataLost, reopens } = await store.status();
    const watching = this.ctx.getWebSockets().length;
    return Response.json({ backend, durability, dataLost, reopens, name: store.authorityKey, watching });
  }

  async #watch(request, { searchParams }) {
    if (this.ctx.getWebSockets().length >= SOCKETS) {
      throw new Refusal(429, "Blocked", `${SOCKETS} are watching already`, { retryable: true });
    }
    const [mob, runtime] = [searchParams.get("mob"), searchParams.get("runtime")];
    const isOne = mob === null || runtime === null;
    if (!isOne || (mob ?? runtime ?? "").length > LONGEST_ID) {
      const message = `expected a mob or a runtime, of at most ${LONGEST_ID} characters`;
      throw new Refusal(400, "InvalidInput", message, { argument: "scope" });
    }
    // Last, so that who asks without a socket learns why one was refused.
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      const headers = { upgrade: "websocket" };
      throw new Refusal(426, "Unsupported", "a watch is a WebSocket", { headers });
    }
    await this.#store();
    const { 0: theirs, 1: ours } = new WebSocketPair();
    // What is attached is there again when the object has slept, a tag is not needed: there are few.
    ours.serializeAttachment(scopeOf(mob, runtime));
    this.ctx.acceptWebSocket(ours);
    const headers = { "sec-websocket-protocol": "burrow" };
    return new Response(null, { status: 101, webSocket: theirs, headers });
  }

  /** Nobody has anything to say on a socket but `ping`. */
  webSocketMessage(socket) {
    socket.close(1008, "a watch is told, and asks nothing");
  }

  webSocketClose(socket, code) {
    // Codes that are no more than a report may not be sent.
    socket.close(code >= 3000 || code === 1000 ? code : 1000);
  }

  webSocketError(socket) {
    socket.close(1011);
  }

  /** The store, opened when it is first needed, and again after it could not be opened, or has failed in the middle of something. */
  async #store() {
    const store = await (this.#opening ??= this.#open());
    try {
      await store.status();
      return store;
    } catch {
      return (this.#opening = this.#open());
    }
  }

  async #open() {
    try {
      const store = await openStore({ storage: this.#marks.storage });
      this.#marks.prepare();
      store.watch({}, (change) => this.#tell(change));
      return store;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  #tell(change) {
    const text = JSON.stringify(change);
    for (const socket of this.ctx.getWebSockets()) {
      if (!isIn(socket.deserializeAttachment(), change)) continue;
      try {
        socket.send(text);
      } catch {
        // A socket that is closing takes no messages.
      }
    }
  }
}

function scopeOf(mob, runtime) {
  if (mob !== null) return { mob };
  return runtime === null ? {} : { runtime };
}

function isIn({ mob, runtime }, change) {
  return (mob ?? change.mob) === change.mob && (runtime ?? change.runtime) === change.runtime;
}

/** How many requests a JSON-RPC batch has; the store says what is wrong with what is none. */
function requestsIn(text) {
  try {
    const request = JSON.parse(text);
    return Array.isArray(request) ? request.length : 1;
  } catch {
    return 1;
  }
}
