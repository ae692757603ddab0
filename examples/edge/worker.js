// Lets in who may, and passes the request on to the mob's object.

import { mayAsk, opens, secretOf, tokenIn } from "./access.js";
import { Refusal, refused } from "./refusal.js";

export { Mob } from "./mob.js";

/** What may be asked of a mob, and how. */
const METHODS = new Map([
  ["calls", "POST"],
  ["rpc", "POST"],
  ["status", "GET"],
  ["watch", "GET"],
]);

/** The longest id of a mob in UTF-8: objects have no longer names. */
const LONGEST_MOB = 1024;

export default {
  async fetch(request, env) {
    const origin = request.headers.get("origin");
    if (origin !== null && !mayAsk(origin, env)) {
      return refused(new Refusal(403, "Unauthorized", "this origin may not ask here; see ALLOWED_ORIGINS"));
    }
    const response = await answered(request, env).catch(refused);
    // A WebSocket's response is passed on as it is.
    return origin === null || response.webSocket ? response : readableFrom(origin, response);
  },
};

async function answered(request, env) {
  const secret = secretOf(env);
  const { mob, part } = addressed(request);
  const method = METHODS.get(part);
  if (request.method === "OPTIONS") return preflight(method);
  if (request.method !== method) {
    throw new Refusal(405, "Unsupported", `use ${method}`, { headers: { allow: `${method}, OPTIONS` } });
  }
  if (!(await opens(secret, mob, tokenIn(request)))) {
    const headers = { "www-authenticate": "Bearer" };
    throw new Refusal(401, "Unauthorized", "the token does not open this mob", { headers });
  }
  try {
    return await env.MOBS.get(env.MOBS.idFromName(mob)).fetch(request);
  } catch {
    // The object has ended, or is overloaded: what was asked may have been done.
    throw new Refusal(503, "OutcomeUnknown", "the mob's object gave no answer; ask again", {
      retryable: true,
    });
  }
}

/** `/mobs/<mob>/<part>` */
function addressed(request) {
  const [root, encoded, part, ...more] = new URL(request.url).pathname.slice(1).split("/");
  if (root !== "mobs" || !encoded || !METHODS.has(part) || more.length > 0) {
    const parts = [...METHODS.keys()].join("|");
    throw new Refusal(404, "NotFound", `there is nothing here; try /mobs/<mob>/(${parts})`);
  }
  try {
    const mob = decodeURIComponent(encoded);
    if (new TextEncoder().encode(mob).length <= LONGEST_MOB) return { mob, part };
  } catch {
    // It is not UTF-8.
  }
  const argument = "mob";
  throw new Refusal(400, "InvalidInput", `expected a mob's id of at most ${LONGEST_MOB} bytes`, { argument });
}

function preflight(method) {
  const headers = {
    "access-control-allow-methods": method,
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "7200",
  };
  return new Response(null, { status: 204, headers });
}

function readableFrom(origin, response) {
  const readable = new Response(response.body, response);
  readable.headers.set("access-control-allow-origin", origin);
  readable.headers.set("access-control-expose-headers", "burrow-request");
  readable.headers.append("vary", "origin");
  return readable;
}
