// Which store this is, and in which state.

import { useStore } from "./live.js";
import { StoreStatus } from "./status.js";

/** The name of the console and of its store, and what that store can promise. */
export function Header() {
  const { store } = useStore();
  return (
    <header>
      <h1>burrow</h1>
      <code class="store">{store.authorityKey}</code>
      <StoreStatus />
    </header>
  );
}
