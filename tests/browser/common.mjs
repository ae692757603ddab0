// The tests of the JavaScript API that every browser has to pass.

import { pagesOf } from "../support/pages.mjs";
import { testCommitAtOnce } from "./commit-at-once.mjs";
import { testConnection } from "./connection.mjs";
import { testDamaged } from "./damaged.mjs";
import { testDatabases } from "./databases.mjs";
import { testDeadlines } from "./deadlines.mjs";
import { testFrames } from "./frames.mjs";
import { testGroupCommit } from "./group-commit.mjs";
import { testHuge } from "./huge.mjs";
import { testLargeValues } from "./large-values.mjs";
import { testLatePromises } from "./late-promises.mjs";
import { testLiveInputs } from "./live-inputs.mjs";
import { testManyTabs } from "./many-tabs.mjs";
import { testOnePage } from "./one-page.mjs";
import { testUnreadable } from "./unreadable.mjs";
import { testWorkers } from "./workers.mjs";

/** Runs them; `ways` are the browser's own, which `testCommitAtOnce` and `testFrames` describe. */
export function testBrowser(browser, ways) {
  const pages = pagesOf(browser);
  testOnePage(pages);
  testUnreadable(pages);
  testDamaged(pages);
  testLiveInputs(pages);
  testManyTabs(pages);
  testCommitAtOnce(pages, ways);
  testConnection(pages, ways);
  testDatabases(pages);
  testDeadlines(pages);
  testLatePromises(pages);
  testFrames(pages, ways);
  testGroupCommit(pages);
  testHuge(pages);
  testLargeValues(pages);
  testWorkers(pages);
}
