// A program one part of which imports the package and another requires it.
const required = require("burrow-store");

import("burrow-store").then(async (imported) => {
  const store = await required.openStore();
  const error = await store.setCursor("mob-a", 1).catch((caught) => caught);
  console.log(error instanceof required.BurrowError, error instanceof imported.BurrowError, error.code);
});
