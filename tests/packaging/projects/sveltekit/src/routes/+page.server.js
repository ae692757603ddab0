import * as burrow from "burrow-store";
import { job } from "../../job.mjs";

export const load = async () => ({ rendered: await job(burrow) });
