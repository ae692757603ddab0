// `npm run test:kill` does this a thousand times and more.

import { testKills } from "../kill/test-kills.mjs";

testKills("chromium", 10);
