import * as burrow from "burrow-store";
import { job } from "./job.mjs";

console.log(JSON.stringify(await job(burrow)));
