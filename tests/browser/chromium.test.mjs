// The JavaScript API in a real Chromium.

import { chromium } from "../support/browsers.mjs";
import { testBrowser } from "./common.mjs";

testBrowser(chromium, { inserts: true, endsPages: false, writesOneByOne: false, settles: true });
