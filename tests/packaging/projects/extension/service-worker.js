import * as burrow from "./node_modules/burrow-store/dist/browser.js";
import { job } from "./job.mjs";

chrome.runtime.onMessage.addListener((message, sender, answer) => {
  job(burrow).then(answer, (error) => answer(String(error)));
  return true;
});
