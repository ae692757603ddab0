// Where a mob is at the edge service of the tests, and what opens it.

import { tokenFor } from "../../examples/edge/access.js";

export const SECRET = "a secret of the tests, long enough to be one";

/** The address of a mob, and the token that opens it. */
export async function addressOf(url, mob) {
  return { url: `${url}mobs/${encodeURIComponent(mob)}`, token: await tokenFor(SECRET, mob) };
}
