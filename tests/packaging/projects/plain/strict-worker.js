import { strictJob } from "./strict-job.js";

strictJob().then(postMessage, (error) => postMessage(String(error?.stack ?? error)));
