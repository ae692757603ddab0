// `npm run edge`: sets up, builds the package, starts the Worker on loopback and says what to try. Ctrl+C ends it.

import { randomBytes } from "node:crypto";
import { main, run } from "../../scripts/toolchain.mjs";

await main(async () => {
  run("node", ["scripts/setup.mjs"]);
  run("node", ["scripts/build.mjs"]);
  const { start } = await import("./start.mjs");
  const { tokenFor } = await import("./access.js");
  // A new secret for each run: the data of the mobs ends with the run, too.
  const secret = randomBytes(32).toString("hex");
  const { ALLOWED_ORIGINS = "" } = process.env;
  const { url } = await start(undefined, { bindings: { BURROW_SECRET: secret, ALLOWED_ORIGINS } });
  const mob = `${url}mobs/mob-a`;
  const token = await tokenFor(secret, "mob-a");
  console.log(`
The service answers at ${url}, and the mob \`mob-a\` who has its token:

  TOKEN=${token}
  curl -H "authorization: Bearer $TOKEN" ${mob}/status
  curl -H "authorization: Bearer $TOKEN" ${mob}/rpc \\
    -d '{ "jsonrpc": "2.0", "id": 1, "method": "burrow/cursor/advance", "params": { "cursor": "42" } }'

From a program:

  import { connect } from "burrow-store/connect";
  const store = await connect({ url: "${mob}", token: "${token}" });
`);
});
