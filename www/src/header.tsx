// Which store this is.

import { useStore } from "./live.js";

/** The name of the console and of its store. */
export function Header() {
  const { store } = useStore();
  return (
    <header>
      <h1>burrow</h1>
      <code class="store">{store.authorityKey}</code>
    </header>
  );
}
