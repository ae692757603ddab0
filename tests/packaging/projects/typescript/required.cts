// A CommonJS module.
import burrow = require("burrow-store");

async function main(): Promise<void> {
  const store: burrow.Store = await burrow.openStore();
  await store.setLabels({ mob: "mob-a" }, { env: "dev" });
  const labels: burrow.Labels = await store.getLabels({ mob: "mob-a" });
  const error: unknown = await store.getCursor("").catch((caught: unknown) => caught);
  if (labels["env"] !== "dev" || !(error instanceof burrow.BurrowError))
    throw new Error("not what was stored");
}

void main();
