// A strict Content Security Policy, in Chromium.

import { chromium } from "../support/browsers.mjs";
import { testStrictPolicy } from "./strict-policy.mjs";

testStrictPolicy({ launch: chromium.launch, hasTrustedTypes: true });
