// Opens the store and shows it.

import { openStore, type Store } from "burrow-store";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { DemoPanel } from "./demo/panel.js";
import { Failure } from "./failure.js";
import { Header } from "./header.js";
import { Live, Opened } from "./live.js";
import { Mobs } from "./mobs.js";
import { Runtimes } from "./runtimes.js";

const STORE = "console";

function Console() {
  const [store, setStore] = useState<Store>();
  const [error, setError] = useState<unknown>();
  const open = (): void => {
    setError(undefined);
    openStore({ name: STORE }).then(setStore, setError);
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
  return store ? <Room store={store} /> : <main class="closed">Opening the store…</main>;
}

function Room({ store }: { store: Store }) {
  const [live] = useState(() => new Live(store));
  return (
    <Opened.Provider value={{ store, live }}>
      <Header />
      <main>
        <DemoPanel />
        <Mobs />
        <Runtimes />
      </main>
    </Opened.Provider>
  );
}

const place = document.querySelector("#console");
if (place) render(<Console />, place);
