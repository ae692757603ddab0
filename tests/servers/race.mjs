// A native process and this one try each step of one runtime at the same time: exactly one of them wins it. The native one is the other
// half of `of_two_processes_exactly_one_wins_each_step` in tests/sqlite_sharing.rs. Of every ten steps one is tried
// here first and one there first; who wins the rest depends on the machine. Prints how many steps were won here.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { newId, openStore } from "../../pkg/dist/node.js";

const STEPS = 200;
const [native, path] = process.argv.slice(2);
const test = ["--exact", "of_two_processes_exactly_one_wins_each_step", "--nocapture"];
const child = spawn(native, test, {
  env: { ...process.env, BURROW_RACE: path },
  stdio: ["pipe", "ignore", "pipe"],
});
const outcomes = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
const store = await openStore({ path });
const agent = store.runtime("r");
let won = 0;
for (let number = 0; number < STEPS; number++) {
  const [from, to] =
    number === 0 ? ["initializing", "idle"] : number % 2 === 1 ? ["idle", "running"] : ["running", "idle"];
  const now = new Date().toISOString();
  const input = { input_id: await newId(), current_state: "queued", created_at: now, updated_at: now };
  const step = { from, to, inputs: [{ ...input, idempotency_key: "JavaScript" }] };
  const tryHere = () =>
    agent.transition(step).then(
      () => true,
      (error) => {
        if (error.code !== "Conflict") throw error;
        return false;
      },
    );
  const tryThere = async () => {
    child.stdin.write(`${number}\n`);
    return (await outcomes.next()).value;
  };
  let ours, theirs;
  if (number % 10 === 0) [ours, theirs] = [await tryHere(), await tryThere()];
  else if (number % 10 === 5) [theirs, ours] = [await tryThere(), await tryHere()];
  else [theirs, ours] = await Promise.all([tryThere(), tryHere()]);
  if (theirs !== (ours ? "lost" : "won")) throw new Error(`step ${number}: ours ${ours}, theirs ${theirs}`);
  if (ours) won += 1;
}
child.stdin.end();
const inputs = await agent.inputs();
const told = inputs.filter(({ idempotency_key }) => idempotency_key === "JavaScript").length;
if (inputs.length !== STEPS || told !== won) throw new Error(`${inputs.length} inputs, ${told} for ${won}`);
await store.close();
console.log(won);
