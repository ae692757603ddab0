// What a cold page loads within the measured time: its contender and no more.

import { open, u64 } from "contender";

/** Resolves with the store once the input is committed. */
export async function openAndWrite(name, durability, input) {
  const store = await open(name, durability);
  input.last_boundary_sequence = u64(input.last_boundary_sequence);
  await store.input("agent-1", input);
  return store;
}
