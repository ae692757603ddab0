// A strict Content Security Policy, in Firefox.

import { firefox } from "../support/browsers.mjs";
import { testStrictPolicy } from "./strict-policy.mjs";

testStrictPolicy({ launch: firefox.launch, hasTrustedTypes: true });
