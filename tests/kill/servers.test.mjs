// `npm run test:kill` does this a thousand times and more.

import { testKills } from "./test-kills.mjs";

testKills("node", 15);
testKills("native", 15);
testKills("workerd", 10);
