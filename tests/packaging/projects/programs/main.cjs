const burrow = require("burrow-store");

import("./job.mjs").then(async ({ job }) => console.log(JSON.stringify(await job(burrow))));
