// A program whose parts have each come to the package by another way. One part's error is what the others catch.
const required = require("burrow-store");

Promise.all([import("burrow-store"), import("burrow-store/inline")]).then(async (imported) => {
  const packages = [required, ...imported];
  for (const { openStore } of packages) {
    const store = await openStore({ backend: "memory" });
    const error = await store.setCursor("mob-a", 1).catch((caught) => caught);
    console.log(error.code, ...packages.map(({ BurrowError }) => error instanceof BurrowError));
  }
});
