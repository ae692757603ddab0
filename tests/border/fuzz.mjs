// Calls with odd values, one after the other: each succeeds, or fails with an error of burrow's and leaves the store as it was.

import { bytes, input, receipt } from "../in-page/makers.mjs";
import { newKey } from "../in-page/sealed-stores.mjs";
import { AT_ONCE, CALLING_BACK, callsOf } from "./calls.mjs";
import { randomOf } from "./random.mjs";
import { beginAnew, isThrown, odd, spoilt } from "./values.mjs";

/** After so many calls another store is tried. */
const CALLS = 150;
const DEADLINE_MS = 30_000;
const LONGEST_MESSAGE = 2000;

/** Where what getters and traps write themselves goes. */
const REENTRANT = "reentrant";

export class Fault extends Error {}

/** A store with something in it, of one of three kinds. */
async function filled(kind, { openStore, newId, connect, serve }) {
  const seal = kind === "sealed" ? await newKey() : undefined;
  const kept = await openStore({ backend: "memory", seal });
  const { run_id } = await receipt({ newId });
  const session = bytes("a session");
  await kept.runtime("agent").commitBoundary({
    receipt: await receipt({ newId }, { run_id }),
    session,
    inputs: [await input({ newId })],
  });
  await kept.setLabels({ mob: "m", run: "r" }, { env: "dev" });
  await kept.setCursor("m", 7n);
  if (kind !== "remote") return { store: kept, kept };
  globalThis.fetch = async ({ searchParams }, { body }) => {
    if (typeof body !== "string") return new Response(await serve(kept, new Uint8Array(body)));
    const answer = await kept.rpc(body, searchParams.get("mob") || undefined);
    const headers = { "burrow-request": searchParams.get("request") };
    return new Response(answer ?? null, { status: answer === undefined ? 204 : 200, headers });
  };
  return { store: await connect({ url: "http://edge.invalid/mobs/m", token: "t", timeout: 1000 }), kept };
}

/** All that the store holds, without what getters and traps wrote, nor sums. */
async function held(store) {
  const lines = (await new Response(store.export()).text()).split("\n");
  const kept = lines.filter((line) => !line.includes(`"${REENTRANT}"`) && !line.startsWith('{"end"'));
  // A line's sum is of those before it too.
  return kept.map((line) => line.replace(/"sum":"\w+"/, "")).join("\n");
}

/** Everything can be read. */
async function readAll(store) {
  await Promise.all([store.selectLabels(""), store.oauthFlows(), store.mobs()]);
  for (const id of await store.runtimes()) {
    const runtime = store.runtime(id);
    await Promise.all([runtime.recover(), runtime.inputs(), runtime.receipts(), runtime.session()]);
  }
}

async function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Fault(`${what} has not ended`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A proxy that was revoked is nothing. */
function isA(type, value) {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** What is wrong with an error, if anything. */
function wrongWith(error, name, burrow) {
  if (CALLING_BACK.includes(name) && isThrown(error)) return undefined;
  if (!isA(burrow.BurrowError, error)) return "it is none of burrow's";
  if (["Poisoned", "Internal"].includes(error.code)) return "the instance failed";
  // Ids are told in full, whatever else is wrong; a value that was refused is not.
  if (error.code === "InvalidInput" && error.message.length > LONGEST_MESSAGE)
    return `its message has ${error.message.length} characters`;
  return undefined;
}

/** Calls of the package's own functions; what opens is closed. */
const FUNCTIONS = {
  openStore: () => ({ name: "x", backend: "memory", memoryLimit: 2 ** 20 }),
  sealed: (key) => ({ backend: "memory", seal: { current: key, former: [key], unsealed: "read" } }),
  database: () => ({ database: {} }),
  storage: () => ({ storage: {} }),
  connect: () => ({ url: "http://edge.invalid/mobs/m", token: "t", timeout: 5, onWatching: () => {} }),
};

async function callFunction(random, burrow, key, reenter) {
  const name = random.pick([...Object.keys(FUNCTIONS), "init", "deleteStore", "from", "serve"]);
  if (name === "from") {
    const value = odd(random, reenter);
    const told = burrow.BurrowError.from(value);
    // A proxy may say once that it is an error of burrow's, and then no more.
    if (told !== undefined && told !== value && !(told instanceof burrow.BurrowError))
      throw new Fault("from gave something else");
  } else if (name === "serve") {
    await burrow.serve(await burrow.openStore(), odd(random, reenter));
  } else if (name === "init" || name === "deleteStore") {
    await burrow[name](odd(random, reenter));
  } else {
    const options = spoilt(random, FUNCTIONS[name](key), reenter);
    const store = await (name === "connect" ? burrow.connect(options) : burrow.openStore(options));
    await store.close();
  }
}

/**
 * Calls everything with odd values until `isOver` says so of the number of calls; resolves with how many there were, and how many succeeded.
 * Rejects with a `Fault` that names the seed and the call.
 */
export async function fuzz(burrow, { seed, isOver }) {
  const random = randomOf(seed);
  beginAnew();
  const key = await newKey();
  const done = { calls: 0, succeeded: 0 };
  const { fetch } = globalThis;
  const { error: report } = console;
  console.error = () => {};
  // Answered at once until there is a service: nothing is asked again and again until the time that `connect` has is over.
  globalThis.fetch = async () => new Response(null, { status: 404 });
  try {
    while (!isOver(done.calls)) await round(random, burrow, key, done);
  } catch (fault) {
    throw new Fault(`seed ${seed}, call ${done.calls}: ${fault.message}`, { cause: fault.cause ?? fault });
  } finally {
    globalThis.fetch = fetch;
    console.error = report;
  }
  return done;
}

async function round(random, burrow, key, done) {
  const { store, kept } = await filled(random.pick(["plain", "sealed", "remote"]), burrow);
  const exported = await new Response(kept.export()).text();
  const calls = callsOf({ ...burrow, exported });
  const reentered = [];
  const reenter = () => {
    if (reentered.length < 20) reentered.push(store.setCursor(REENTRANT, 1n), store.getCursor("m"));
  };
  let before = await held(kept);
  for (let i = 0; i < CALLS; i++) {
    done.calls += 1;
    const of = random.pick(["store", "runtime", "function"]);
    const name = of === "function" ? of : random.pick(Object.keys(calls[of]));
    const good = of === "function" ? [] : await calls[of][name]();
    const at = random.below(Math.max(1, good.length));
    const args = good.map((value, i) =>
      i === at || random.oneIn(6) ? spoilt(random, value, reenter) : value,
    );
    const call = async () => {
      if (of === "function") return callFunction(random, burrow, key, reenter);
      return answered(of === "store" ? store : store.runtime("agent"), name, args);
    };
    let failure;
    try {
      await inTime(call(), `${of}.${name}`);
    } catch (error) {
      failure = { error };
    }
    await Promise.all(reentered.splice(0));
    if (failure) {
      const { error } = failure;
      if (isA(Fault, error)) throw error;
      const wrong = wrongWith(error, name, burrow);
      if (wrong) throw new Fault(`${of}.${name} failed, and ${wrong}: ${described(error)}`, { cause: error });
    } else {
      done.succeeded += 1;
    }
    const after = await held(kept);
    // An import has committed what came before the line that it refuses, and what failed on its way may have been written.
    if (failure && after !== before && name !== "import") {
      const changed = after.split("\n").filter((line) => !before.includes(line));
      throw new Fault(`${of}.${name} failed, and changed the store: ${changed}`, { cause: failure.error });
    }
    before = after;
  }
  await readAll(kept);
  await Promise.all([store.close(), kept.close()]);
}

/** Makes a call; what it answers is taken whole, and ended. */
async function answered(target, name, args) {
  let answer;
  try {
    answer = target[name](...args);
  } catch (error) {
    if (!AT_ONCE.includes(name)) throw new Fault(`${name} threw, and gave no promise`, { cause: error });
    throw error;
  }
  if (name === "watch") return answer();
  if (name === "changes") return answer.return();
  if (name === "export") return new Response(answer).arrayBuffer();
  if (!AT_ONCE.includes(name) && !(answer instanceof Promise)) throw new Fault(`${name} gave no promise`);
  return answer;
}

function described(error) {
  try {
    return String(error?.stack ?? error).slice(0, 1500);
  } catch {
    return "an error that cannot be read";
  }
}
