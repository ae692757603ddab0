import * as burrow from "burrow-store/inline";
import { job } from "./job.mjs";

console.log(JSON.stringify(await job(burrow)));
