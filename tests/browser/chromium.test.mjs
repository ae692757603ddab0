// The JavaScript API in a real Chromium.

import { chromium } from "../support/browsers.mjs";
import { pagesOf } from "../support/pages.mjs";
import { testCommitAtOnce } from "./commit-at-once.mjs";
import { testConnection } from "./connection.mjs";
import { testDatabases } from "./databases.mjs";
import { testDeadlines } from "./deadlines.mjs";
import { testGroupCommit } from "./group-commit.mjs";
import { testHuge } from "./huge.mjs";
import { testLatePromises } from "./late-promises.mjs";
import { testManyTabs } from "./many-tabs.mjs";
import { testOnePage } from "./one-page.mjs";
import { testWorkers } from "./workers.mjs";

const pages = pagesOf(chromium);

testOnePage(pages);
testManyTabs(pages);
testCommitAtOnce(pages, { inserts: true, endsPages: false, writesOneByOne: false });
testConnection(pages, { inserts: true });
testDatabases(pages);
testDeadlines(pages);
testLatePromises(pages);
testGroupCommit(pages);
testHuge(pages);
testWorkers(pages);
