// Vitest.
import * as burrow from "burrow-store";
import "fake-indexeddb/auto";
import { expect, test, vi } from "vitest";
import about from "./about.js";

const withoutThoseOfFakeIndexedDb = {
  toFake: ["setInterval", "queueMicrotask", "performance", "Date"],
};
about.tests({ burrow, test, expect, fakes: vi, withoutThoseOfFakeIndexedDb });
