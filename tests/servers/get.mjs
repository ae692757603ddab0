// Asks a server, over a connection of the request's own: one that is kept may be closed by the other side just as it is used again.

import { request } from "node:http";

/** The text that a server answers with, to what it is sent, if anything. */
export function get(url, body) {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const asked = request(url, { agent: false, method }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
