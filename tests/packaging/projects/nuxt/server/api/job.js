import * as burrow from "burrow-store";
import { job } from "~~/job.mjs";

export default defineEventHandler(() => job(burrow));
