// The operator's console in a real Chromium, used as a person would.

import { consoles } from "../support/consoles.mjs";
import { testDemo } from "./demo.mjs";
import { testEdge } from "./edge.mjs";
import { testRecords } from "./records.mjs";

const inChromium = consoles();

testRecords(inChromium);
testDemo(inChromium);
testEdge(inChromium);
