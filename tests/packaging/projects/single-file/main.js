import * as burrow from "burrow-store/inline";
import { job } from "./job.mjs";

globalThis.result = job(burrow);
