// No bundler: the browser loads the package's own files.
import * as burrow from "./node_modules/burrow-store/dist/browser.js";
import { job } from "./job.mjs";

globalThis.result = job(burrow);
