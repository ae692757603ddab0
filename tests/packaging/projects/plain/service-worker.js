import * as burrow from "./node_modules/burrow-store/dist/browser.js";
import { job } from "./job.mjs";

addEventListener("message", (event) => {
  const [port] = event.ports;
  const answer = job(burrow).then(
    (result) => port.postMessage({ result }),
    (error) => port.postMessage({ error: String(error) }),
  );
  event.waitUntil(answer);
});
