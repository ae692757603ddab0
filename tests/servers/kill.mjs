// Kills the edge service while somebody makes steps through `connect`, again and again. By hand, for as often as wanted:
// `node tests/servers/kill.mjs 100`.

import { fileURLToPath } from "node:url";
import { connect } from "../../pkg/dist/connect.js";
import { served } from "./served.mjs";
import { addressOf } from "./edge-address.mjs";
import { proxy } from "./proxy.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

const program = fileURLToPath(new URL("serve-edge.mjs", import.meta.url));

const someTime = () => new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 300));

/**
 * Steps are made through `connect` at the edge service, which is killed, `kills` times, and started again on the same folder: each step
 * is made once, and no caller sees that it was away.
 */
export async function killEdge(kills) {
  const folder = temporaryFolder("kill");
  let service = await served(program, folder);
  const between = await proxy(service.url);
  try {
    const store = await connect(await addressOf(between.url, "killed"));
    await store.setCursor("m", 0n);
    let steps = 0n;
    let isOver = false;
    const stepping = (async () => {
      for (; !isOver; steps++) await store.compareAndSetCursor("m", steps, steps + 1n);
    })();
    stepping.catch(() => {});
    for (let kill = 0; kill < kills; kill++) {
      const before = steps;
      while (steps === before)
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 10)), stepping]);
      await someTime();
      await service.kill();
      service = await served(program, folder);
      between.leadTo(service.url);
    }
    isOver = true;
    await stepping;
    const cursor = await store.getCursor("m");
    if (cursor !== steps) throw new Error(`${steps} steps, and the cursor is ${cursor}`);
    return Number(steps);
  } finally {
    await service.kill();
    between.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await killEdge(Number(process.argv[2])), "steps acknowledged, each made once");
}
