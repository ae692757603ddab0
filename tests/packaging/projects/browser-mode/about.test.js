// Tests of a page's code, which run in the browser.
import * as burrow from "burrow-store";
import { expect, test, vi } from "vitest";
import { done, job } from "./job.mjs";

test("in the page", async () => {
  expect(await job(burrow)).toEqual(done("indexeddb"));
});

test("in a worker", async () => {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  expect(await promise).toEqual({ result: done("indexeddb") });
});

test("under fake timers", async () => {
  vi.useFakeTimers();
  expect(await job(burrow)).toEqual(done("indexeddb"));
  vi.useRealTimers();
});
