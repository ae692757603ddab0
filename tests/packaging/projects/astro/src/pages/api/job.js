import * as burrow from "burrow-store";
import { job } from "../../../job.mjs";

export const GET = async () => Response.json(await job(burrow));
