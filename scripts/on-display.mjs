// Runs a command on a virtual display that nobody sees: `node scripts/on-display.mjs PROGRAM ARGUMENT…`.

import { startDisplay } from "../tests/support/process.mjs";
import { main, run } from "./toolchain.mjs";

const [command, ...args] = process.argv.slice(2);

await main(async () => {
  const display = await startDisplay();
  try {
    run(command, args, { env: { ...process.env, DISPLAY: display.name } });
  } finally {
    await display.end();
  }
});
