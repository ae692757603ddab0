// Who gets in: the token of a mob is made of its id with the service's secret, so one secret is all that is kept, and one mob's token
// opens no other.

import { Refusal } from "./refusal.js";

/** With fewer characters it could be guessed from one token. */
const SHORTEST_SECRET = 32;

/** The service's secret. Where there is none, nobody gets in. */
export function secretOf({ BURROW_SECRET: secret }) {
  if (typeof secret === "string" && secret.length >= SHORTEST_SECRET) return secret;
  const message = `BURROW_SECRET is not set, or has fewer than ${SHORTEST_SECRET} characters: nobody gets in`;
  throw new Refusal(503, "Unsupported", message);
}

/** Whether a page of this origin may ask. */
export function mayAsk(origin, { ALLOWED_ORIGINS: allowed = "" }) {
  return allowed.split(/[\s,]+/).some((one) => one !== "" && one === origin);
}

const TOKEN = "burrow.token.";

/** The token of a request: a page's WebSocket can bring it only as the name of a protocol. */
export function tokenIn({ headers }) {
  const [, bearer] = /^Bearer ([\w-]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  if (bearer !== undefined) return bearer;
  const protocols = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  return protocols.find((name) => name.startsWith(TOKEN))?.slice(TOKEN.length) ?? "";
}

/** Whether a token opens a mob, in a time that tells nothing of the right one. */
export async function opens(secret, mob, token) {
  const signature = bytesIn(token);
  if (signature === undefined) return false;
  return crypto.subtle.verify(
    "HMAC",
    await keyOf(secret, "verify"),
    signature,
    new TextEncoder().encode(mob),
  );
}

/** The token that opens a mob. */
export async function tokenFor(secret, mob) {
  const key = await keyOf(secret, "sign");
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(mob)));
  return btoa(String.fromCharCode(...signature))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function keyOf(secret, use) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, [use]);
}

/** The 32 bytes that a token is; `undefined` where it is none. */
function bytesIn(token) {
  if (!/^[\w-]{43}$/.test(token)) return undefined;
  const binary = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
