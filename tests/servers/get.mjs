// Asks a server, over a connection of the request's own: one that is kept may be closed by the other side just as it is used again.

import { get as request } from "node:http";

/** The text that a server answers with. */
export function get(url) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    asked.on("error", reject);
  });
}
