// The line in which a store's calls stand: what they bring takes room in the module until it is committed, and the module has 4 GiB
// for everything. What there is no room for waits here, as it was when the call was made.

import { bytes } from "./bytes.js";
import { BurrowError } from "./error.js";

/** The most bytes that the calls under way have brought: as many as one call may bring, `CALL` in `src/model/limits.rs`. */
const ROOM = 128 * 2 ** 20;

/** The calls of one store, each of which begins after those before it. */
export class Line {
  #taken = 0;
  readonly #waiting: { size: number; begin: () => void }[] = [];

  /** Begins a call with what it brings, strings and bytes, at once if there is room and nobody waits. */
  through<Brought extends unknown[], T>(
    brought: Brought,
    begin: (brought: Brought) => Promise<T>,
  ): Promise<T> {
    const size = brought.map(sizeOf).reduce((sum, one) => sum + one, 0);
    if (this.#waiting.length === 0 && this.#hasRoom(size)) return this.#begin(size, () => begin(brought));
    const kept = brought.map(copied) as Brought;
    return new Promise((resolve, reject) => {
      const begun = (): void => void this.#begin(size, () => begin(kept)).then(resolve, reject);
      this.#waiting.push({ size, begin: begun });
    });
  }

  /** Whoever is alone has room: what is too much for any call is refused in the module. */
  #hasRoom(size: number): boolean {
    return this.#taken === 0 || this.#taken + size <= ROOM;
  }

  #begin<T>(size: number, call: () => Promise<T>): Promise<T> {
    this.#taken += size;
    const answer = call();
    const settled = (): void => {
      this.#taken -= size;
      while (this.#waiting.length > 0 && this.#hasRoom(this.#waiting[0]!.size))
        this.#waiting.shift()!.begin();
    };
    answer.then(settled, settled);
    return answer;
  }
}

function sizeOf(value: unknown): number {
  return typeof value === "string" ? value.length : (viewOf(value)?.byteLength ?? 0);
}

/** A call that brings more than any may is not copied: the module refuses it. */
function copied(value: unknown): unknown {
  const view = viewOf(value);
  if (!view || view.byteLength > ROOM) return value;
  try {
    return view.slice();
  } catch (cause) {
    const message = `write failed: ${view.byteLength} bytes of a call that must wait cannot be kept; let earlier calls end first`;
    throw new BurrowError("WriteFailed", message, { retryable: true, cause });
  }
}

/** The bytes of what are bytes; the module says what is wrong with anything else. */
function viewOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return bytes("", value);
  } catch {
    return undefined;
  }
}
