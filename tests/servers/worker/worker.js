// A Worker whose Durable Objects the tests drive: `/store/<object>/<call>` does something with a store in an object's storage,
// `/rules` names the rules of the contract, `/rules/<rule>` runs one in an object of its own.

import { DurableObject } from "cloudflare:workers";
import { openStore } from "../../../pkg/dist/workerd.js";
import { ObjectDatabase } from "../../../pkg/dist/durable-object.js";
import * as bindings from "../../../target/wasm/rules/rules_bg.js";
import module from "../../../target/wasm/rules/rules_bg.wasm";
import { rules, rulesIn } from "../rules.mjs";
import { calls } from "./calls.js";

const toText = (name, value) => (typeof value === "bigint" ? `${value}n` : value);
const json = (value) => new Response(JSON.stringify(value ?? null, toText));

export class StoreObject extends DurableObject {
  opening;
  told = [];

  /** The store of this object, opened once in its life. */
  store() {
    return (this.opening ??= openStore({ storage: this.ctx.storage }));
  }

  async fetch(request) {
    const [, , , call, ...args] = new URL(request.url).pathname.split("/").map(decodeURIComponent);
    try {
      return json(await calls[call](this, ...args, request.body));
    } catch (error) {
      const { name, code, argument, retryable, message } = error;
      return json({ error: { name, code, argument, retryable, message } });
    }
  }
}

let current;
const runner = () =>
  rules(module, bindings, { emptyDatabase: () => new ObjectDatabase(current), isFile: () => false });
let running;

export class RulesObject extends DurableObject {
  async fetch(request) {
    current = this.ctx.storage;
    const run = await (running ??= runner());
    return new Response(await run(decodeURIComponent(new URL(request.url).pathname.split("/")[2])));
  }
}

export default {
  fetch(request, env) {
    const [, what, name] = new URL(request.url).pathname.split("/");
    if (what === "rules" && name === undefined) return json(rulesIn(module));
    const objects = what === "rules" ? env.RULES : env.STORE;
    return objects.get(objects.idFromName(decodeURIComponent(name))).fetch(request);
  },
};
