// The JavaScript API in a real Firefox.

import { firefox } from "../support/browsers.mjs";
import { testBrowser } from "./common.mjs";

testBrowser(firefox, { inserts: false, endsPages: true, writesOneByOne: true, settles: false });
