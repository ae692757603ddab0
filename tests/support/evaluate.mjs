// Code for a page goes there as text, and what comes of it comes back as JSON: the browsers' own ways to carry values
// and errors differ. So a function sees nothing but its arguments, and a bigint has to be made a string first.

import { setTimeout as sleep } from "node:timers/promises";

const DEADLINE_MS = 60_000;

/** A JavaScript expression: a promise of what the function gives or how it fails, as JSON. */
export function asExpression(code, args) {
  const call = typeof code === "function" ? `(${code})(...${JSON.stringify(args)})` : code;
  return `(async () => JSON.stringify({ value: await ${call} }))()
    .catch((error) => JSON.stringify({ error: \`\${error}\\n\${error?.stack}\` }))`;
}

/** What such an expression gave; its error, if it failed. */
export function outcome(json) {
  const { value, error } = JSON.parse(json);
  if (error) throw new Error(error);
  return value;
}

/** Waits until the expression is true in the page. A page on its way to another address gives errors meanwhile. */
export async function until(page, expression) {
  const deadline = Date.now() + DEADLINE_MS;
  let error;
  const isTrue = () => page.evaluate(`Boolean(${expression})`).catch((caught) => void (error = caught));
  while (!(await isTrue())) {
    if (Date.now() > deadline) {
      throw new Error(`\`${expression}\` was not true in ${DEADLINE_MS / 1000} s`, { cause: error });
    }
    await sleep(20);
  }
}
