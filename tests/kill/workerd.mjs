// workerd with one Durable Object, which all writers ask at once.

import { fileURLToPath } from "node:url";
import { get } from "../servers/get.mjs";
import { bundledWorker } from "../support/workerd.mjs";
import { Violation } from "./check.mjs";

const entry = fileURLToPath(new URL("worker.js", import.meta.url));

export async function workerdEngine(folder) {
  const { start, close } = await bundledWorker(entry, "KilledObject", folder);
  return {
    close,
    async start() {
      const { url, kill } = await start();
      const ask = async (path, body) => {
        const { error, found } = JSON.parse(await get(new URL(path, url), JSON.stringify(body)));
        if (error) throw new Violation(error);
        return found;
      };
      return {
        look: (asked) => ask("look", asked),
        perform: (writer, operation) => ask("perform", operation),
        kill,
      };
    },
  };
}
