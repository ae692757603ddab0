// The edge service, in workerd: who gets in, and what nobody can take from others.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, test } from "node:test";
import { attacked, MOB, refused, setCursor } from "./attacked.mjs";
import { ask, message, ORIGIN, startEdge, UPGRADE } from "./edge.mjs";
import { addressOf, SECRET } from "./edge-address.mjs";
import { tokenFor } from "../../examples/edge/access.js";

const [{ url, close }, ...unset] = await Promise.all([
  startEdge(),
  startEdge({ bindings: {} }),
  startEdge({ bindings: { BURROW_SECRET: "short" } }),
]);
after(() => Promise.all([close, ...unset.map((one) => one.close)].map((end) => end())));
const { token, calls, isUnharmed, attack } = await attacked(url);

/** How long an object is idle until workerd evicts it, and a second more. */
const EVICTION_MS = 11_000;

attack("without a secret nobody gets in, nor with one that could be guessed", async () => {
  for (const { url } of unset) {
    for (const path of ["/", `${MOB}/status`, `${MOB}/calls`]) {
      refused(await ask(url, path, { token }), 503, "Unsupported");
      refused(await ask(url, path, { token: await tokenFor("short", "attacked") }), 503, "Unsupported");
    }
  }
});

attack("without the mob's token nobody gets in", async () => {
  const wrong = [
    undefined,
    "",
    "x",
    "é",
    SECRET,
    await tokenFor(SECRET, "other"),
    await tokenFor(SECRET, "attacke"),
    await tokenFor(SECRET, "ATTACKED"),
    await tokenFor(`${SECRET}.`, "attacked"),
    token.slice(1),
    `${token}A`,
    "A".repeat(43),
    "A".repeat(100_000).slice(0, 8000),
    token.toUpperCase(),
  ];
  for (const token of wrong) {
    for (const [part, method] of [
      ["status", "GET"],
      ["watch", "GET"],
      ["calls", "POST"],
      ["rpc", "POST"],
    ]) {
      const authorization =
        token === undefined ? {} : { authorization: Buffer.from(`Bearer ${token}`).toString("latin1") };
      const body = method === "POST" ? message([setCursor]) : undefined;
      const response = await ask(url, `${MOB}/${part}`, { method, headers: authorization, body });
      refused(response, 401, "Unauthorized");
      assert.equal(response.headers["www-authenticate"], "Bearer");
    }
  }
  for (const headers of [
    { authorization: token },
    { authorization: `Basic ${token}` },
    { cookie: `token=${token}` },
    { "sec-websocket-protocol": token },
    { "sec-websocket-protocol": `burrow, burrow.token.${await tokenFor(SECRET, "other")}`, ...UPGRADE },
  ])
    refused(await ask(url, `${MOB}/watch?token=${token}`, { headers }), 401, "Unauthorized");
});

attack("pages of other origins are refused, with a token too", async () => {
  for (const origin of ["https://evil.example", `${ORIGIN}.evil.example`, `${ORIGIN}:8443`, "null"]) {
    refused(await calls(message([setCursor]), { headers: { origin } }), 403, "Unauthorized");
    const watch = await ask(url, `${MOB}/watch`, { token, headers: { origin, ...UPGRADE } });
    refused(watch, 403, "Unauthorized");
    const preflight = await ask(url, `${MOB}/calls`, { method: "OPTIONS", headers: { origin } });
    refused(preflight, 403, "Unauthorized");
    assert.equal(preflight.headers["access-control-allow-origin"], undefined);
  }
});

test("a page of an allowed origin reads answers and refusals", async () => {
  const preflight = await ask(url, `${MOB}/calls`, { method: "OPTIONS", headers: { origin: ORIGIN } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers["access-control-allow-origin"], ORIGIN);
  assert.equal(preflight.headers["access-control-allow-methods"], "POST");
  assert.match(preflight.headers["access-control-allow-headers"], /authorization/);
  for (const given of [token, "x"]) {
    const { headers } = await ask(url, `${MOB}/status`, { token: given, headers: { origin: ORIGIN } });
    assert.equal(headers["access-control-allow-origin"], ORIGIN);
    assert.equal(headers["access-control-expose-headers"], "burrow-request");
    assert.equal(headers["access-control-expose-headers"], "burrow-request");
    assert.match(headers.vary, /origin/);
  }
});

attack("paths that lead nowhere, and methods that nobody asks with", async () => {
  const nowhere = ["/", "/mobs", "/mobs/", "/mobs//calls", MOB, `${MOB}/`, `${MOB}/calls/`, `${MOB}/calls/x`];
  const inherited = ["constructor", "__proto__", "toString", "Calls", "calls%00", "%63alls", ";calls"];
  for (const path of [
    ...nowhere,
    ...inherited.map((part) => `${MOB}/${part}`),
    "//evil.example/mobs/a/calls",
  ])
    refused(await ask(url, path, { method: "POST", token, body: message([setCursor]) }), 404, "NotFound");
  refused(await ask(url, "/mobs/%ff/status", { token }), 400, "InvalidInput");
  refused(await ask(url, `/mobs/${"x".repeat(1025)}/status`, { token }), 400, "InvalidInput");
  for (const method of ["GET", "PUT", "DELETE", "PATCH", "HEAD"]) {
    const { status, headers } = await ask(url, `${MOB}/calls`, { method, token });
    assert.deepEqual([status, headers.allow], [405, "POST, OPTIONS"]);
  }
  refused(await ask(url, `${MOB}/status`, { method: "POST", token }), 405, "Unsupported");
  // A client or proxy may resolve the `..`: then the address is another mob's, whose token this is not.
  refused(
    await ask(url, `/mobs/other/../attacked/calls`, { method: "POST", token: "x" }),
    401,
    "Unauthorized",
  );
});

attack("bodies that are too large, by what they say and by what they are", async () => {
  const most = 32 * 2 ** 20;
  const announced = { headers: { "content-length": most + 1 } };
  refused(await calls((request) => request.flushHeaders(), announced), 413, "TooLarge");
  const chunk = Buffer.alloc(2 ** 20, " ");
  const streamed = await calls((request) => {
    request.on("error", () => {});
    for (let n = 0; n < 40; n++) request.write(chunk);
    request.end();
  });
  // It may close the connection while it is being written to.
  if (!streamed.error) refused(streamed, 413, "TooLarge");
  const rpc = await ask(url, `${MOB}/rpc`, { method: "POST", token, body: Buffer.alloc(2 ** 20 + 1, " ") });
  refused(rpc, 413, "TooLarge");
});

attack("of a thousand sockets a hundred are opened, and a place that becomes free is taken", async () => {
  const watch = (query = "", more = {}) =>
    ask(url, `${MOB}/watch${query}`, { token, headers: { ...UPGRADE, ...more } });
  refused(await ask(url, `${MOB}/watch`, { token }), 426, "Unsupported");
  refused(await watch("?mob=a&runtime=b"), 400, "InvalidInput");
  refused(await watch(`?mob=${"x".repeat(5000)}`), 400, "InvalidInput");
  const opened = [];
  const counts = { 101: 0, 429: 0 };
  for (let n = 0; n < 20; n++) {
    const responses = await Promise.all(Array.from({ length: 50 }, () => watch()));
    for (const response of responses) {
      counts[response.status] += 1;
      if (response.socket) opened.push(response.socket);
      else refused(response, 429, "Blocked");
    }
    if (n === 10) await isUnharmed();
  }
  assert.deepEqual(counts, { 101: 100, 429: 900 });
  // A masked text frame with one character: nobody has anything to say there.
  opened[0].write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]));
  const [frame] = await new Promise((resolve) => opened[0].once("data", (data) => resolve([data])));
  assert.deepEqual([frame[0], frame.readUInt16BE(2)], [0x88, 1008]);
  for (const socket of opened) socket.destroy();
  for (let tries = 0; ; tries++) {
    const { status, socket } = await watch();
    socket?.destroy();
    if (status === 101) break;
    assert.ok(tries < 100, "no place became free");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test("a batch that arrives after a later one of its client is not carried out", async () => {
  const client = "f".repeat(32);
  const of = (batch, cursor) =>
    message([{ call: "setCursor", args: ["late", { bigint: cursor }] }], { client, batch });
  const other = await addressOf(url, "late");
  const send = (body) => ask(url, "/mobs/late/calls", { method: "POST", token: other.token, body });
  assert.equal((await send(of(2, "2"))).status, 200);
  refused(await send(of(1, "1")), 409, "Conflict");
  assert.equal((await send(of(2, "3"))).status, 200);
  const { answer } = await send(message([{ call: "getCursor", args: ["late"] }]));
  assert.deepEqual(answer.answers, [{ value: { bigint: "2" } }]);
});

test("status says where the store is", async () => {
  const { status, answer } = await ask(url, `${MOB}/status`, { token });
  const { backend, durability, reopens, name } = answer;
  assert.deepEqual([status, backend, durability, reopens], [200, "durable-object", "strict", 0]);
  assert.match(name, /^durable-object:/);
});

/** These wait for long, so they go on beside each other. */
describe("what takes long", { concurrency: true }, () => {
  test("a slow body is refused, and others are served meanwhile", async () => {
    let ended = false;
    const slow = calls((request) => {
      const drip = setInterval(() => request.write(" "), 500);
      request.on("close", () => clearInterval(drip));
      request.on("error", () => {});
    }).then((response) => ((ended = true), response));
    await isUnharmed();
    assert.equal(ended, false);
    refused(await slow, 408, "ReadFailed");
    await isUnharmed();
  });

  test("claims and watches are there after the object has slept", async () => {
    const { token } = await addressOf(url, "asleep");
    const { socket } = await ask(url, "/mobs/asleep/watch?runtime=r", { token, headers: UPGRADE });
    const told = once(socket, "data");
    const send = async (call, batch, bytes) => {
      const body = message([{ runtime: "r", ...call }], { batch, bytes });
      const { answer } = await ask(url, "/mobs/asleep/calls", { method: "POST", token, body });
      return answer.answers[0];
    };
    const { value: claim } = await send({ call: "claim", args: [] }, 1);
    assert.match(String(await told), /"kinds":\["claim"\]/);
    await new Promise((resolve) => setTimeout(resolve, EVICTION_MS));
    const toldThen = once(socket, "data");
    const commit = { call: "commitSession", claim, args: [{ bytes: 3 }] };
    assert.deepEqual(await send(commit, 2, "abc"), { value: null });
    assert.match(String(await toldThen), /"kinds":\["session"\]/);
    socket.destroy();
    assert.notEqual((await send({ call: "claim", args: [] }, 3)).value, claim);
    assert.equal((await send(commit, 4, "abc")).error.code, "Fenced");
  });
});
