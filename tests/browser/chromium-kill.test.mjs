// `npm run test:kill` does this a thousand times and more.

import { testKills } from "../kill/test-kills.mjs";

testKills("chromium", 10);
testKills("pages", 10, "ends in the middle of commits, with its worker, renderer or script");
