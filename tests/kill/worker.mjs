// Does operations in a dedicated worker, each with a port for its answer.

import { writer } from "./writer.mjs";

addEventListener("message", async ({ data, ports: [port] }) => port.postMessage(await writer.perform(data)));
postMessage("ready");
