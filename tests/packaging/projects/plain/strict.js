// A page under the strictest policy, and, where `?worker` asks for it, its worker, which needs a policy of trusted types by name.
import { strictJob } from "./strict-job.js";

async function askWorker() {
  const { trustedTypes } = globalThis;
  const trusted = trustedTypes?.createPolicy("app", { createScriptURL: (url) => url });
  const address = "./strict-worker.js";
  const worker = new Worker(trusted?.createScriptURL(address) ?? address, { type: "module" });
  const { data } = await new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = reject;
  });
  return data;
}

globalThis.result = location.search === "?worker" ? askWorker() : strictJob();
