// The JavaScript API in a real Firefox.

import { firefox } from "../support/browsers.mjs";
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

const pages = pagesOf(firefox);

testOnePage(pages);
testManyTabs(pages);
testCommitAtOnce(pages, { inserts: false, endsPages: true, writesOneByOne: true });
testConnection(pages, { inserts: false });
testDatabases(pages);
testDeadlines(pages);
testLatePromises(pages);
testGroupCommit(pages);
testHuge(pages);
testWorkers(pages);
