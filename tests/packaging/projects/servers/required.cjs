const burrow = require("burrow-store");
const { job } = require("./job.mjs");

job(burrow).then((result) => console.log(JSON.stringify(result)));
