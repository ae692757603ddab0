// The unit tests of a program that uses the package: the same for all test tools.

async function about({ newId, openStore }, backend) {
  const store = await openStore({ name: `unit-${backend}`, backend });
  const seen = [];
  const unwatch = store.watch({}, ({ kinds }) => seen.push(...kinds));
  await store.setCursor("mob-a", 2n ** 64n - 1n);
  const agent = store.runtime("agent-1");
  const receipt = {
    run_id: await newId(),
    boundary: "run_start",
    contributing_input_ids: [],
    message_count: 1n,
    sequence: 0n,
  };
  await agent.commitBoundary({ receipt, session: Buffer.from("hello") });
  const refused = await agent
    .commitBoundary({ receipt: { ...receipt, message_count: 2n } })
    .catch(({ code }) => code);
  const read = {
    cursor: String(await store.getCursor("mob-a")),
    session: Buffer.from(await agent.session()).toString(),
    backend: (await store.status()).backend,
    seen: seen.includes("cursor"),
    refused,
  };
  unwatch();
  await store.close();
  return read;
}

const done = (backend) => ({
  cursor: "18446744073709551615",
  session: "hello",
  backend,
  seen: true,
  refused: "Conflict",
});

module.exports.tests = ({ burrow, test, expect, fakes, withoutThoseOfFakeIndexedDb }) => {
  for (const backend of ["memory", "indexeddb"]) {
    test(backend, async () => {
      expect(await about(burrow, backend)).toEqual(done(backend));
    });

    test(`${backend}, under fake timers`, async () => {
      if (backend === "memory") fakes.useFakeTimers();
      else fakes.useFakeTimers(withoutThoseOfFakeIndexedDb);
      expect(await about(burrow, backend)).toEqual(done(backend));
      fakes.useRealTimers();
    });
  }

  test("an error is one of burrow's", async () => {
    await expect(burrow.openStore({ name: "" })).rejects.toThrow(burrow.BurrowError);
  });
};
