// Reads the body of a request: not more than there is room for, and not for ever.

import { Refusal } from "./refusal.js";

/** A body that has not ended must bring at least so many bytes in each span of time. */
const SPAN_MS = 10_000;
const LEAST = 2 ** 18;

/** The bytes of a body, which are counted as they come: what a header says of them is not to be relied on. */
export async function bodyOf(request, most) {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > most) throw tooLarge(most);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  let due = LEAST;
  let isLate = false;
  let length = 0;
  const clock = setInterval(() => {
    isLate = length < due;
    due = length + LEAST;
    if (isLate) void reader.cancel().catch(() => {});
  }, SPAN_MS);
  // In one piece where its size was told: there is no room for it twice.
  let bytes = new Uint8Array(announced);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) break;
      if (done) return bytes.subarray(0, length);
      if (length + value.length > most) throw tooLarge(most);
      if (length + value.length > bytes.length) bytes = grown(bytes, length + value.length, most);
      bytes.set(value, length);
      length += value.length;
    }
  } catch (error) {
    void reader.cancel().catch(() => {});
    if (error instanceof Refusal) throw error;
    if (!isLate) throw new Refusal(400, "ReadFailed", "the body broke off", { retryable: true });
  } finally {
    clearInterval(clock);
  }
  throw new Refusal(408, "ReadFailed", "the body came too slowly", { retryable: true });
}

function grown(bytes, least, most) {
  const larger = new Uint8Array(Math.min(most, Math.max(least, 2 * bytes.length)));
  larger.set(bytes);
  return larger;
}

function tooLarge(most) {
  return new Refusal(413, "TooLarge", `a body has at most ${most} bytes here`);
}
