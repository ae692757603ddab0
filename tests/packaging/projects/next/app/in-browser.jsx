"use client";

import * as burrow from "burrow-store";
import { useEffect } from "react";
import { job } from "../job.mjs";

export function InBrowser({ rendered }) {
  useEffect(() => {
    globalThis.result = (async () => ({
      rendered,
      page: await job(burrow),
      route: await (await fetch("/api/job")).json(),
    }))();
  }, [rendered]);
  return <p>{rendered.backend}</p>;
}
