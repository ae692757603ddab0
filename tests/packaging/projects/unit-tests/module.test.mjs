// Jest, ECMAScript modules.
import { jest } from "@jest/globals";
import * as burrow from "burrow-store";
import "fake-indexeddb/auto";
import about from "./about.js";

const withoutThoseOfFakeIndexedDb = { doNotFake: ["setImmediate", "setTimeout"] };
about.tests({ burrow, test, expect, fakes: jest, withoutThoseOfFakeIndexedDb });
