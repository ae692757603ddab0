// A Worker that keeps labels, cursors and run boundaries for who asks over HTTP. A Worker has no database of its own, so
// the store is in memory: it lasts as long as the isolate, and `/status` says so.

import { BurrowError, openStore } from "burrow-store";

let opening;

/** The store of this isolate, opened with the first request, and again when it could not be opened or has failed. */
async function withStore(work) {
  opening ??= openStore();
  try {
    return await work(await opening);
  } catch (error) {
    if (error instanceof BurrowError && ["LoadFailed", "Poisoned"].includes(error.code)) opening = undefined;
    throw error;
  }
}

// JSON has no bigint: the members that are one are strings of digits here.
const toText = (name, value) => (typeof value === "bigint" ? String(value) : value);
const BIGINTS = ["sequence", "message_count", "last_boundary_sequence"];
const fromText = (name, value) =>
  BIGINTS.includes(name) && typeof value === "string" ? BigInt(value) : value;
const json = (value, status = 200) =>
  new Response(JSON.stringify(value, toText), { status, headers: JSON_TYPE });
const JSON_TYPE = { "content-type": "application/json" };

/** What is done for a method and the first part of a path; the other parts and the request come with the store. */
const routes = {
  __proto__: null,
  "GET status": (store) => store.status(),

  "GET mobs": (store) => store.mobs(),
  "GET labels": (store, [mob, run], { query }) =>
    mob === undefined ? store.selectLabels(query.get("selector") ?? "") : store.getLabels({ mob, run }),
  "PUT labels": async (store, [mob, run], { body }) => store.setLabels({ mob, run }, await body()),
  "DELETE labels": (store, [mob, run]) => store.deleteLabels({ mob, run }),

  "GET cursor": async (store, [mob]) => (await store.getCursor(mob)) ?? null,
  "PUT cursor": async (store, [mob], { text }) => store.setCursor(mob, BigInt(await text())),

  "GET runtimes": (store) => store.runtimes(),
  "GET receipts": (store, [runtime]) => store.runtime(runtime).receipts(),
  "GET session": async (store, [runtime]) => new Response((await store.runtime(runtime).session()) ?? null),
  "POST commit": async (store, [runtime], { body }) => {
    const { session, ...commit } = await body();
    const bytes = session === undefined ? undefined : new TextEncoder().encode(JSON.stringify(session));
    await store.runtime(runtime).commitBoundary({ ...commit, session: bytes });
  },

  "POST rpc": async (store, [mob], { text }) => {
    const answer = await store.rpc(await text(), mob);
    return new Response(answer ?? null, { status: answer === undefined ? 204 : 200, headers: JSON_TYPE });
  },
};

export default {
  async fetch(request) {
    try {
      const { pathname, searchParams: query } = new URL(request.url);
      const [first, ...parts] = pathname.split("/").filter(Boolean).map(decodeURIComponent);
      const route = routes[`${request.method} ${first}`];
      if (!route)
        return json({ error: "NoSuchRoute", message: `try ${Object.keys(routes).join(", ")}` }, 404);
      const text = () => request.text();
      const body = async () => JSON.parse(await request.text(), fromText);
      const answer = await withStore((store) => route(store, parts, { query, text, body }));
      return answer instanceof Response ? answer : json(answer ?? null);
    } catch (error) {
      return failure(error);
    }
  },
};

/** The error, with the status that tells whose it is. */
function failure(error) {
  // The request held malformed JSON, a malformed number or a malformed address.
  if (error instanceof SyntaxError || error instanceof URIError)
    return json({ error: "InvalidInput", message: error.message }, 400);
  if (!(error instanceof BurrowError)) throw error;
  const { code, message, argument, retryable } = error;
  const status = {
    InvalidInput: 400,
    Conflict: 409,
    Fenced: 409,
    IllegalTransition: 409,
    SessionKeyMismatch: 409,
  };
  return json({ error: code, message, argument, retryable }, status[code] ?? 500);
}
