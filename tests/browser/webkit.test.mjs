// The JavaScript API in a real WebKit.

import { webkit } from "../support/webkit.mjs";
import { testBrowser } from "./common.mjs";

testBrowser(webkit, { inserts: true, endsPages: true, writesOneByOne: false, settles: true });
