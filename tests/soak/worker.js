// A Worker whose one Durable Object makes as many operations as it is told.

import { DurableObject } from "cloudflare:workers";
import { newId, openStore } from "../../pkg/dist/workerd.js";
import { newSoak } from "./mixed.mjs";

export class SoakedObject extends DurableObject {
  soak;

  async fetch(request) {
    try {
      const { storage } = this.ctx;
      const soak = await (this.soak ??= newSoak({ newId, openStore: () => openStore({ storage }) }));
      await soak.round(Number(await request.text()));
      return Response.json({});
    } catch (error) {
      return Response.json({ error: error.stack });
    }
  }
}

export default {
  fetch: (request, env) => env.OBJECT.get(env.OBJECT.idFromName("soaked")).fetch(request),
};
