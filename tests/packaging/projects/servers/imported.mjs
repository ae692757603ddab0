import * as burrow from "burrow-store";
import { job } from "./job.mjs";

job(burrow).then((result) => console.log(JSON.stringify(result)));
