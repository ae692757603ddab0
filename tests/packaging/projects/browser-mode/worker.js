import * as burrow from "burrow-store";
import { job } from "./job.mjs";

job(burrow).then(
  (result) => postMessage({ result }),
  (error) => postMessage({ error: String(error) }),
);
