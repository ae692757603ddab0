// jsdom has no structuredClone, which fake-indexeddb asks for (https://github.com/dumbmatter/fakeIndexedDB#jsdom-often-used-with-jest).
const { TestEnvironment } = require("jest-environment-jsdom");

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.structuredClone = structuredClone;
  }
};
