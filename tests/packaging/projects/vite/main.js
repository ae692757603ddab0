// A page that does the job, and then has a worker do it.
import * as burrow from "burrow-store";
import { job } from "./job.mjs";

async function inWorker() {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.result));
    worker.onerror = ({ message }) => reject(new Error(message ?? "the worker did not start"));
  });
}

globalThis.result = (async () => [await job(burrow), await inWorker()])();
