// The job, and all else that might ask something of the platform: both entries, a sealed store, watches, streams, JSON-RPC. Gives what it
// read, and what the policy refused meanwhile.
import * as burrow from "./node_modules/burrow-store/dist/browser.js";
import * as inline from "./node_modules/burrow-store/dist/inline.js";
import { job } from "./job.mjs";

export async function strictJob() {
  const refused = [];
  addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) =>
    refused.push(`${effectiveDirective} ${blockedURI} ${sample}`),
  );
  const read = [await job(burrow).catch(told)];
  if (typeof read[0] === "object") {
    read.push(await job(inline));
    const seal = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const store = await burrow.openStore({ name: "sealed", seal });
    const changes = [];
    const stop = store.watch({}, (change) => changes.push(change));
    await store.runtime("r").commitSession(new Uint8Array(100_000));
    await store.reseal();
    stop();
    const copy = await inline.openStore({ backend: "memory", seal });
    await copy.import(store.export());
    const { length } = await copy.runtime("r").session();
    read.push({
      length,
      changes: changes.length,
      rpc: await store.rpc('{"jsonrpc":"2.0","id":1,"method":"x"}'),
    });
    await burrow.deleteStore("gone");
    await store.close();
  }
  // The events come in a task of their own, and what is tried last is refused.
  await new Promise((resolve) => setTimeout(resolve));
  return { read, refused: [...refused], enforces: enforces() };
}

const told = ({ code, retryable, message }) => `${code} ${retryable} ${message}`;

/** Which of the policy's parts this browser has. */
function enforces() {
  const isRefused = (attempt) => {
    try {
      attempt();
      return false;
    } catch {
      return true;
    }
  };
  return {
    eval: isRefused(() => (0, eval)("1")),
    trustedTypes: "trustedTypes" in globalThis && isRefused(() => setTimeout("1")),
  };
}
