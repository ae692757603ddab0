// Jest, CommonJS.
const burrow = require("burrow-store");
require("fake-indexeddb/auto");
const about = require("./about.js");

const withoutThoseOfFakeIndexedDb = { doNotFake: ["setImmediate", "setTimeout"] };
about.tests({ burrow, test, expect, fakes: jest, withoutThoseOfFakeIndexedDb });
