// Opens the store and shows it: the console's own in this browser, or that of a mob at an edge service, which the address names as
// `?edge=<the mob's address>#<its token>`. What follows the `#` is sent to nobody.

import { openStore } from "burrow-store";
import { connect } from "burrow-store/connect";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { DemoPanel } from "./demo/panel.js";
import { Failure } from "./failure.js";
import { Header } from "./header.js";
import { Live, Opened } from "./live.js";
import { Mobs } from "./mobs.js";
import { Runtimes } from "./runtimes.js";

const STORE = "console";

const edge = new URLSearchParams(location.search).get("edge");

async function openLive(): Promise<Live> {
  if (edge === null) return new Live(await openStore({ name: STORE }));
  const opened: { live?: Live } = {};
  const onWatching = (): void => opened.live?.missed();
  const store = await connect({ url: edge, token: location.hash.slice(1), onWatching });
  return (opened.live = new Live(store));
}

function Console() {
  const [live, setLive] = useState<Live>();
  const [error, setError] = useState<unknown>();
  const open = (): void => {
    setError(undefined);
    openLive().then(setLive, setError);
  };
  useEffect(open, []);

  if (error !== undefined) {
    return (
      <main class="closed">
        <h1>The store did not open</h1>
        <Failure error={error} />
        <button onClick={open}>Try again</button>
      </main>
    );
  }
  return live ? <Room live={live} /> : <main class="closed">Opening the store…</main>;
}

function Room({ live }: { live: Live }) {
  return (
    <Opened.Provider value={{ store: live.store, live }}>
      <Header />
      <main>
        {/* Its agents write to the store in this browser. */}
        {edge === null && <DemoPanel />}
        <Mobs />
        <Runtimes />
      </main>
    </Opened.Provider>
  );
}

const place = document.querySelector("#console");
if (place) render(<Console />, place);
