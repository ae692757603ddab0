// What the edge service is measured beside: `/nothing/<object>` reads its body and answers, `/by-hand/<object>` writes it and a receipt
// into the object's SQLite before it does.

import { DurableObject } from "cloudflare:workers";

export class Nothing extends DurableObject {
  async fetch(request) {
    await request.arrayBuffer();
    return new Response();
  }
}

export class ByHand extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, snapshot BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS receipts (sequence INTEGER PRIMARY KEY, receipt TEXT NOT NULL)");
  }

  async fetch(request) {
    const body = await request.arrayBuffer();
    const { storage } = this.ctx;
    storage.transactionSync(() => {
      storage.sql.exec("INSERT OR REPLACE INTO sessions VALUES ('agent', ?)", body);
      storage.sql.exec("INSERT INTO receipts (receipt) VALUES (?)", JSON.stringify({ at: Date.now() }));
    });
    return new Response();
  }
}

export default {
  fetch(request, { NOTHING, BY_HAND }) {
    const [, what, name] = new URL(request.url).pathname.split("/");
    const objects = what === "nothing" ? NOTHING : BY_HAND;
    return objects.get(objects.idFromName(name)).fetch(request);
  },
};
