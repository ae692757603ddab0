// `npm run test:kill` does this some hundred times.

import { testKills } from "../kill/test-kills.mjs";

testKills("firefox", 3);
