// Prints the token that opens a mob: `BURROW_SECRET=… node token.mjs MOB`.

import { secretOf, tokenFor } from "./access.js";

const [mob] = process.argv.slice(2);
if (!mob) throw new Error("usage: BURROW_SECRET=… node token.mjs MOB");
console.log(await tokenFor(secretOf(process.env), mob));
