// The demo's page streams commits, and its browser is killed in the middle of them.

/** Lets the page commit up to a random count, then kills the browser; gives what was acknowledged. */
export async function streamUntilKilled(browser, page) {
  const enough = 100 + Math.floor(Math.random() * 200);
  let runId;
  let acknowledged = 0;
  let reach;
  const reached = new Promise((resolve) => (reach = resolve));
  page.onConsole((text) => {
    const [word, run, sequence] = text.split(" ");
    if (word !== "acknowledged") return;
    runId = run;
    acknowledged = Number(sequence) + 1;
    if (acknowledged >= enough) reach();
  });
  const streaming = page
    .evaluate("demo.stream((runId, sequence) => console.log(`acknowledged ${runId} ${sequence}`))")
    .then(
      () => new Error("the stream of commits ended by itself"),
      (error) => error,
    );
  const early = await Promise.race([reached, streaming]);
  if (early) throw early;
  await browser.kill();
  // The page is gone: its error says nothing else.
  await streaming;
  return { runId, acknowledged };
}
