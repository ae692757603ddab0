// `npm run edge`: sets up, builds the package, starts the Worker on loopback and says what to try. Ctrl+C ends it.

import { main, run } from "../../scripts/toolchain.mjs";

await main(async () => {
  run("node", ["scripts/setup.mjs"]);
  run("node", ["scripts/build.mjs"]);
  run("npm", ["install", "--prefix", "examples/edge", "--no-package-lock", "--no-audit", "--no-fund"]);
  const { start } = await import("./start.mjs");
  const { url, close } = await start();
  console.log(`
The Worker answers at ${url}

  curl ${url}status
  curl -X PUT ${url}labels/mob-a -d '{ "env": "dev" }'
  curl ${url}labels/mob-a
  curl -X PUT ${url}cursor/mob-a -d 42
  curl ${url}rpc -d '{ "jsonrpc": "2.0", "id": 1, "method": "mobkit/mob_labels/get", "params": { "mob_id": "mob-a" } }'
`);
  process.once("SIGINT", close);
  process.once("SIGTERM", close);
});
