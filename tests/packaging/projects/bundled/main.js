import * as burrow from "burrow-store";
import { job } from "./job.mjs";

globalThis.result = job(burrow);
