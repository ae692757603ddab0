"use client";

import * as burrow from "burrow-store";
import { useEffect } from "react";
import { job } from "../job.mjs";

export function InBrowser({ rendered }) {
  useEffect(() => {
    globalThis.result = (async () => ({
      rendered,
      page: await job(burrow),
      worker: await inWorker(),
      route: await (await fetch("/api/job")).json(),
    }))();
  }, [rendered]);
  return <p>{rendered.backend}</p>;
}

function inWorker() {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.result));
    worker.onerror = ({ message }) => reject(new Error(message ?? "the worker did not start"));
  });
}
