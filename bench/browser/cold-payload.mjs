// What a cold page loads before the measured time.

import { input } from "./payload.mjs";

export { same } from "./same.mjs";

export const written = input(Number);
