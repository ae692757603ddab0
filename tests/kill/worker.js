// A Worker whose one Durable Object does with its store what it is told: `/perform` an operation, `/look` at what there is.

import { DurableObject } from "cloudflare:workers";
import { openStore } from "../../pkg/dist/workerd.js";
import { look, perform } from "./perform.mjs";

export class KilledObject extends DurableObject {
  opening;

  async fetch(request) {
    try {
      const store = await (this.opening ??= openStore({ storage: this.ctx.storage }));
      const body = await request.json();
      if (new URL(request.url).pathname === "/look") return Response.json({ found: await look(store, body) });
      await perform(store, body);
      return Response.json({});
    } catch (error) {
      return Response.json({ error: `${error.stack}` });
    }
  }
}

export default {
  fetch: (request, env) => env.OBJECT.get(env.OBJECT.idFromName("killed")).fetch(request),
};
