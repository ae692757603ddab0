// A Worker that answers over HTTP for a store of its own, which lasts as long as the isolate does.
import * as burrow from "burrow-store";
import { job } from "./job.mjs";

let opening;
const opened = () => (opening ??= burrow.openStore());

const routes = {
  "/job": async () => Response.json(await job(burrow)),
  "/status": async () => Response.json(await (await opened()).status()),
  "/rpc": async (request) => new Response(await (await opened()).rpc(await request.text())),
  "/claim": async (request) => {
    const { epoch } = await (await opened()).runtime(await request.text()).claim();
    return Response.json(Number(epoch));
  },
};

export default {
  async fetch(request) {
    const route = routes[new URL(request.url).pathname];
    return route ? route(request) : new Response("not found", { status: 404 });
  },
};
