// The popup does the job, and then has the service worker do it.
import * as burrow from "./node_modules/burrow-store/dist/browser.js";
import { job } from "./job.mjs";

globalThis.result = (async () => ({
  popup: await job(burrow),
  serviceWorker: await chrome.runtime.sendMessage("do the job"),
}))();
