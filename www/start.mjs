// `npm start`: sets up, builds the package and the console on top of it, and serves the console until it is ended.

import { main, run } from "../scripts/toolchain.mjs";

await main(async () => {
  run("node", ["scripts/setup.mjs"]);
  run("node", ["scripts/build.mjs"]);
  const { serveConsole } = await import("./serve.mjs");
  const { url } = await serveConsole();
  console.log(`\nThe console is at ${url} until you press Ctrl+C.`);
});
