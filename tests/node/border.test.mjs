// Every call of the API with odd values, some seconds long; `npm run fuzz:border` goes on for as long as wanted.

import { test } from "node:test";
import { connect } from "../../pkg/dist/connect.js";
import * as burrow from "../../pkg/dist/node.js";
import { serve } from "../../pkg/dist/serve.js";
import { fuzz } from "../border/fuzz.mjs";

const CALLS = 4000;

test("whatever is passed, a call succeeds or fails with an error of burrow's that changes nothing", async (t) => {
  const seed = Number(process.env.BURROW_SEED ?? Date.now() % 2 ** 32);
  const { succeeded } = await fuzz(
    { ...burrow, connect, serve },
    { seed, isOver: (calls) => calls >= CALLS },
  );
  t.diagnostic(`seed ${seed}: ${succeeded} of ${CALLS} calls succeeded`);
});
