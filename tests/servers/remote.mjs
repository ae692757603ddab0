// What a store at an edge service does, in Node, Deno and Bun. `run.mjs` runs these, with the service's address in BURROW_EDGE.

import { addressOf } from "./edge-address.mjs";
import { BurrowError, connect } from "../../pkg/dist/connect.js";
import { newId } from "../../pkg/dist/node.js";
import { bytes, receipt } from "../in-page/makers.mjs";
import { moving } from "../in-page/moving.mjs";
import { rules } from "../in-page/rules.mjs";
import { sealing } from "../in-page/sealing.mjs";
import { equal, fails } from "../support/expect.mjs";
import { open, proxied, sent, service } from "./remote-stores.mjs";

/** Resolves when it is so. */
async function until(isSo, what) {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 1000) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Rules that speak of a store that is kept here: its own limits, when its watches are told, what it says of itself. */
const KEPT_HERE = [
  "calls made at once keep their order, and each sees what those before it wrote",
  "closing a store from within a listener ends its watches",
  "what was called before closing finishes, and closing resolves after it",
  "a snapshot that is too large is refused alone, whoever it was called with",
  "documents, calls and ids that are too large are refused alone, with nothing changed",
  "calls that bring much wait in line, each with the bytes that it was made with",
  "a store in memory that is full refuses what does not fit, and deletes still work",
  "a memory limit that is none is refused by name",
  "what is to be pruned by itself is said rightly, or nothing is opened",
  "every commit is told once, to those who watch its scope",
  "status says what is true of the store",
  // A connection does not export, import, verify or seal.
  ...Object.keys(moving),
  ...Object.keys(sealing),
];
for (const name of KEPT_HERE) if (!(name in rules)) throw new Error(`there is no such rule: ${name}`);

const ruled = Object.entries(rules)
  .filter(([name]) => !KEPT_HERE.includes(name))
  .map(([name, rule]) => [
    `the rule: ${name}`,
    async () => rule({ BurrowError, newId, store: await open() }),
  ]);

/** A watch whose connections are counted. */
function watched() {
  const told = [];
  const states = [];
  return { told, states, onWatching: (lost) => states.push(lost?.code ?? "watching") };
}

export const tests = {
  ...Object.fromEntries(ruled),

  async "status and name are those of the store at the service"() {
    const store = await open();
    const { backend, durability, persisted, usage, quota, dataLost, reopens } = await store.status();
    equal([backend, durability, reopens], ["durable-object", "strict", 0]);
    equal([persisted, usage, quota, dataLost], [undefined, undefined, undefined, undefined]);
    equal(/^durable-object:[\da-f-]{36}$/.test(store.authorityKey), true);
    equal((await open({ mob: store.mob })).authorityKey, store.authorityKey);
    equal(await store.flush(), undefined);
  },

  async "what takes all that there is does not go over a connection, and says so"() {
    const store = await open();
    const takesAll = [
      () => store.export(),
      () => store.import(new Uint8Array()),
      () => store.verify(),
      () => store.reseal(),
    ];
    for (const call of takesAll) await fails(call, { code: "Unsupported", retryable: false });
  },

  async "options that are none are refused by name"() {
    const { url, token } = await addressOf(service, "m");
    for (const [argument, wrong] of [
      ["options", { url, tokem: token }],
      ["options.url", { token }],
      ["options.url", { url: "mobs/m", token }],
      ["options.url", { url: "ftp://127.0.0.1/", token }],
      ["options.url", { url: "https://user:secret@127.0.0.1/", token }],
      ["options.token", { url }],
      ["options.token", { url, token: "a b" }],
      ["options.token", { url, token: "" }],
      ...[0, -1, NaN, Infinity, "1", 2 ** 31].map((timeout) => ["options.timeout", { url, token, timeout }]),
      ["options.onWatching", { url, token, onWatching: 7 }],
    ])
      await fails(connect(wrong), { code: "InvalidInput", argument });
  },

  async "a token that does not open the mob is Unauthorized"() {
    const { token } = await addressOf(service, "another");
    const { url } = await addressOf(service, "mine");
    await fails(connect({ url, token }), { code: "Unauthorized", retryable: false });
  },

  async "calls of one turn go together, and a call sees those before it"() {
    await proxied(async ({ between, store }) => {
      let requests = 0;
      between.faults.request = () => ((requests += 1), false);
      const setting = Array.from({ length: 100 }, (_, i) => store.setCursor("m", BigInt(i)));
      equal(await store.getCursor("m"), 99n);
      await Promise.all(setting);
      equal(requests <= 6, true);
    });
  },

  async "an answer that is lost is asked for again, and what was written is written once"() {
    await proxied(async ({ between, store, direct }) => {
      const run = store.runtime("agent");
      const lost = async (call, before) => {
        between.loseAnswer(before);
        const answer = await call();
        equal(between.faults.answer, undefined);
        return answer;
      };
      // Somebody else's write comes between the commit and the retry, and stays.
      await lost(
        () => store.setCursor("m", 1n),
        () => direct.setCursor("m", 2n),
      );
      equal(await direct.getCursor("m"), 2n);
      await lost(() => store.compareAndSetCursor("n", undefined, 1n));
      await lost(() => store.compareAndSetLabels({ mob: "m" }, {}, { a: "1" }));
      equal(
        await lost(
          () => store.patchLabels({ mob: "m" }, { set: { b: "2" } }),
          () => direct.setLabels({ mob: "m" }, { c: "3" }),
        ),
        { a: "1", b: "2" },
      );
      equal(await lost(() => store.deleteLabels({ mob: "m" })), { c: "3" });
      await lost(() => run.transition({ from: "initializing", to: "idle" }));
      const committed = await receipt({ newId });
      await lost(() => run.commitBoundary({ receipt: committed, session: bytes("1") }));
      await lost(
        () => run.commitSession(bytes("2")),
        () => direct.runtime("agent").commitSession(bytes("3")),
      );
      equal(await direct.runtime("agent").session(), bytes("3"));
      const claim = await lost(() => run.claim());
      equal(claim.epoch, 1n);
      await claim.commitSession(bytes("4"));
      await lost(() => claim.release());
      await fails(claim.commitSession(bytes("5")), { code: "Fenced" });
      const mob = await lost(() => store.claimMob("owned"));
      equal(mob.epoch, 1n);
      await lost(() => mob.setLabels({ mob: "owned" }, { a: "1" }));
      await fails(mob.setCursor("other", 1n), { argument: "mob_id" });
      const overtook = await direct.claimMob("owned");
      await fails(mob.setCursor("owned", 1n), { code: "Fenced" });
      await mob.release();
      await overtook.setCursor("owned", 2n);
      equal(await store.quarantined(), []);
      const count = (stored) =>
        bytes(`${stored === undefined ? 1 : Number(new TextDecoder().decode(stored)) + 1}`);
      await lost(() => store.updateOauthFlows(count));
      await store.updateOauthFlows(count);
      equal(await direct.oauthFlows(), bytes("2"));
      // A refusal is kept too: what was refused is not done later.
      const refused = store.compareAndSetCursor("n", 7n, 8n).catch(({ code }) => code);
      between.loseAnswer(() => direct.setCursor("n", 7n));
      equal([await refused, await direct.getCursor("n")], ["Conflict", 7n]);
    });
  },

  async "steps on a network that loses requests and answers are each done once"() {
    await proxied(async ({ between, store, direct }) => {
      let lost = 0;
      const often = () => Math.random() < 0.2 && ((lost += 1), true);
      between.faults.request = often;
      between.faults.answer = async (data) =>
        often() ? data.subarray(0, Math.floor(Math.random() * data.length)) : undefined;
      const steps = async (mob) => {
        await store.compareAndSetCursor(mob, undefined, 0n);
        for (let n = 0n; n < 30n; n++) await store.compareAndSetCursor(mob, n, n + 1n);
      };
      await Promise.all(["a", "b", "c"].map(steps));
      equal(await Promise.all(["a", "b", "c"].map((mob) => direct.getCursor(mob))), [30n, 30n, 30n]);
      equal(lost > 5, true);
    });
  },

  async "where nobody answers, a read is ReadFailed and a write that may have arrived is OutcomeUnknown"() {
    await proxied(
      async ({ between, store, direct }) => {
        between.faults.answer = () => Buffer.alloc(0);
        await Promise.all([
          fails(store.getCursor("m"), { code: "ReadFailed", retryable: true }),
          fails(store.setCursor("m", 1n), { code: "OutcomeUnknown", retryable: false }),
        ]);
        equal(await direct.getCursor("m"), 1n);
        await fails(store.rpc("{}"), { code: "OutcomeUnknown" });
        between.faults.answer = undefined;
        equal(await store.getCursor("m"), 1n);
        // A service that never answers.
        between.faults.answer = () => new Promise(() => {});
        await fails(store.getCursor("m"), { code: "ReadFailed", retryable: true });
        between.faults.answer = undefined;
        equal(await store.getCursor("m"), 1n);
      },
      { timeout: 1000 },
    );
    await fails(open({ url: "http://127.0.0.1:9/", timeout: 300 }), { code: "ReadFailed", retryable: true });
  },

  async "what was given up and arrives late is not carried out, once the store was called again"() {
    await proxied(
      async ({ between, store, direct }) => {
        const release = between.hold();
        await fails(store.setCursor("m", 1n), { code: "OutcomeUnknown" });
        const late = release();
        equal(await store.getCursor("m"), undefined);
        equal((await sent(late)).split("\r\n")[0], "HTTP/1.1 409 Conflict");
        equal(await direct.getCursor("m"), undefined);
        await store.setCursor("m", 2n);
        equal(await direct.getCursor("m"), 2n);
      },
      { timeout: 400 },
    );
  },

  async "what answers and is no store of burrow's is told as such"() {
    await proxied(
      async ({ between, store }) => {
        const page = "<!doctype html>";
        const head = `HTTP/1.1 200 OK\r\ncontent-length: ${page.length}\r\n\r\n`;
        between.faults.answer = async () => Buffer.from(head + page);
        await fails(store.getCursor("m"), { code: "ReadFailed" });
        await fails(store.setCursor("m", 1n), { code: "OutcomeUnknown" });
        between.faults.answer = undefined;
      },
      { timeout: 500 },
    );
  },

  async "large snapshots come back, several at once too, and one that is too large is refused alone"() {
    const store = await open();
    const large = new Uint8Array(20_000_000).map((_, i) => i % 251);
    const runtimes = ["a", "b", "c"].map((id) => store.runtime(id));
    const before = store.setCursor("m", 1n);
    const tooLarge = store.runtime("d").commitSession(new Uint8Array(2 ** 25 + 1));
    const writing = runtimes.map((runtime) => runtime.commitSession(large));
    large.subarray(0, 3).fill(9);
    await fails(tooLarge, { code: "TooLarge" });
    await Promise.all([before, ...writing]);
    const sessions = await Promise.all(runtimes.map((runtime) => runtime.session()));
    for (const session of sessions)
      equal([session.length, session.every((byte, i) => byte === i % 251)], [large.length, true]);
    equal(await store.runtime("d").session(), undefined);
  },

  async "answers that are much text come in several messages"() {
    const store = await open();
    const text = "x".repeat(12_000_000);
    const mobs = ["a", "b", "c", "d"];
    await Promise.all(mobs.map((mob) => store.setLabels({ mob }, { text: mob + text })));
    const labels = await Promise.all(mobs.map((mob) => store.getLabels({ mob })));
    equal(
      labels.map(({ text }) => [text[0], text.length]),
      mobs.map((mob) => [mob, text.length + 1]),
    );
  },

  async "a watch is told the commits of others in its scope, once it is in force"() {
    const { told, states, onWatching } = watched();
    const store = await open({ onWatching });
    const direct = await open({ mob: store.mob });
    const end = [
      store.watch({ mob: "m" }, ({ kinds }) => told.push(["mob", ...kinds])),
      store.watch({ runtime: "r" }, ({ kinds }) => told.push(["runtime", ...kinds])),
      store.watch({}, ({ mob, runtime }) => told.push(["all", mob ?? runtime])),
    ];
    await until(() => states.length === 3, "three watches");
    await direct.setLabels({ mob: "m", run: "1" }, { a: "b" });
    await direct.setCursor("other", 1n);
    await direct.runtime("r").commitSession(bytes("1"));
    await fails(direct.runtime("r").transition({ from: "idle", to: "running" }), { code: "Conflict" });
    await until(() => told.length === 5, "five changes");
    equal(told.sort(), [
      ["all", "m"],
      ["all", "other"],
      ["all", "r"],
      ["mob", "labels"],
      ["runtime", "session"],
    ]);
    for (const unwatch of end) unwatch();
    const changes = store.changes({ mob: "m" });
    await until(() => states.length === 4, "a fourth watch");
    await direct.setCursor("m", 1n);
    equal(await changes.next(), { done: false, value: { mob: "m", kinds: ["cursor"] } });
    await store.close();
    equal(await changes.next(), { done: true, value: undefined });
    equal([told.length, states], [5, Array(4).fill("watching")]);
  },

  async "a watch that was lost is connected again, and says so"() {
    const { told, states, onWatching } = watched();
    await proxied(
      async ({ between, store, direct }) => {
        store.watch({ mob: "m" }, ({ kinds }) => told.push(kinds));
        const changes = store.changes({ mob: "m" });
        await until(() => states.length === 2, "two watches");
        await direct.setCursor("m", 1n);
        await until(() => told.length === 1, "a change");
        equal((await changes.next()).value.kinds, ["cursor"]);
        between.breakAll();
        await until(() => states.length === 6, "two that were lost and are back");
        equal(states.slice(2).sort(), ["ReadFailed", "ReadFailed", "watching", "watching"]);
        await direct.setCursor("m", 2n);
        await until(() => told.length === 2, "a change after that");
        equal((await changes.next()).value.kinds, ["cursor"]);
      },
      { onWatching },
    );
  },

  async "a watch that cannot begin says so, and begins once it can"() {
    const { states, onWatching } = watched();
    await proxied(
      async ({ between, store }) => {
        between.leadTo("http://127.0.0.1:9/");
        between.breakAll();
        const unwatch = store.watch({}, () => {});
        await until(() => states.length === 1, "that it is lost");
        between.leadTo(service);
        await until(() => states.length === 2, "that it is in force");
        equal(states, ["ReadFailed", "watching"]);
        unwatch();
      },
      { onWatching },
    );
  },

  async "a watch that the service refuses has ended"() {
    const { states, onWatching } = watched();
    const store = await open({ onWatching });
    const changes = store.changes({ runtime: "x".repeat(401) });
    await fails(changes.next(), { code: "InvalidInput", argument: "scope" });
    equal(states, ["InvalidInput"]);
  },

  async "a watch that is let in no more has ended, and what iterates over it is told why"() {
    const { states, onWatching } = watched();
    await proxied(
      async ({ between, store }) => {
        const changes = store.changes({});
        await until(() => states.length === 1, "a watch");
        between.leadTo(process.env.BURROW_EDGE_OF_OTHERS);
        between.breakAll();
        await fails(changes.next(), { code: "Unauthorized" });
        equal(await changes.next(), { done: true, value: undefined });
        equal(states, ["watching", "ReadFailed", "Unauthorized"]);
      },
      { onWatching },
    );
  },

  async "what a listener throws stops nothing"() {
    const { states, onWatching } = watched();
    const noted = console.error;
    const reported = [];
    console.error = (error) => reported.push(error.message);
    try {
      const store = await open({
        onWatching: () => {
          onWatching();
          throw new Error("by onWatching");
        },
      });
      store.watch({}, () => {
        throw new Error("by the listener");
      });
      await until(() => states.length === 1, "a watch");
      await store.setCursor("m", 1n);
      await store.setCursor("m", 2n);
      await until(() => reported.length === 3, "what was thrown");
      equal(reported.sort(), ["by onWatching", "by the listener", "by the listener"]);
      await store.close();
    } finally {
      console.error = noted;
    }
  },
};
