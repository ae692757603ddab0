// A watch on a store at an edge service: a WebSocket, opened again whenever it is lost.

import { failed, refusalIn } from "./answer.js";
import { BurrowError } from "./error.js";
import { again, paused, PAUSES, type Link } from "./link.js";
import { clearTimer, setTimer } from "./platform.js";
import { isChangeOf } from "./shapes.js";

/** How often the socket is tried out, and how long it may be silent: a network can die without a word. */
const PING_MS = 20_000;
const SILENCE_MS = 50_000;

/** How long a socket may take to open. */
const OPENING_MS = 15_000;

/** The protocol that both sides speak, and what a token is called among the protocols: a page can set no other header. */
const PROTOCOL = "burrow";
const TOKEN = "burrow.token.";

const UPGRADE_REQUIRED = 426;

/** Is told when a watch is in force, and when it is not. */
export type OnWatching = (lost?: BurrowError) => void;

export interface Watched {
  link: Link;
  scope: { mob?: string | undefined; runtime?: string | undefined };
  /** Gets the JSON text of each change. */
  listener: (change: string) => void;
  onWatching: OnWatching;
  /** Told when the service refuses the watch for good. */
  onEnd: (reason: BurrowError) => void;
}

/** Watches until `free` is called. */
export class Socket {
  readonly #watched: Watched;
  #socket: WebSocket | undefined;
  #heard = 0;
  #isFree = false;
  /** What is wrong with what came over the socket. */
  #fault: string | undefined;
  #onFault: () => void = () => {};
  /** Whether it was told that the watch is not in force. */
  #isLost = false;

  constructor(watched: Watched) {
    this.#watched = watched;
    void this.#watch();
  }

  free(): void {
    this.#isFree = true;
    this.#socket?.close();
  }

  async #watch(): Promise<void> {
    const { onWatching, onEnd } = this.#watched;
    const isFree = (): boolean => this.#isFree;
    // A service may close at once what it opens.
    for (let pause = PAUSES.first; !isFree(); pause = Math.min(2 * pause, PAUSES.longest)) {
      try {
        const socket = await again(Number.MAX_SAFE_INTEGER, () => this.#tryToOpen(), isFree);
        if (isFree()) return socket.close();
        this.#isLost = false;
        onWatching();
        const opened = Date.now();
        this.#tellLost(await this.#lost(socket));
        if (Date.now() - opened >= PAUSES.longest) pause = PAUSES.first;
        if (!isFree()) await paused(pause);
      } catch (error) {
        if (isFree()) return;
        const reason = failed(error, false);
        onWatching(reason);
        return onEnd(reason);
      }
    }
  }

  async #tryToOpen(): Promise<WebSocket> {
    try {
      return await this.#open();
    } catch (error) {
      const reason = failed(error, false);
      if (reason.retryable) this.#tellLost(reason);
      throw error;
    }
  }

  /** Tells it once, however often it is tried in vain to connect again. */
  #tellLost(reason: BurrowError): void {
    if (this.#isFree || this.#isLost) return;
    this.#isLost = true;
    this.#watched.onWatching(reason);
  }

  /** Resolves with a socket that is open, and that tells what comes. */
  async #open(): Promise<WebSocket> {
    const { link, scope, listener } = this.#watched;
    const { url, token } = link.place;
    const address = new URL("watch", url);
    address.protocol = url.protocol.replace("http", "ws");
    for (const [name, value] of Object.entries(scope)) {
      if (value !== undefined) address.searchParams.set(name, value);
    }
    const socket = new WebSocket(address, [PROTOCOL, TOKEN + token]);
    this.#socket = socket;
    this.#fault = undefined;
    socket.onmessage = ({ data }) => {
      this.#heard = Date.now();
      if (data === "pong" || this.#isFree || this.#fault !== undefined) return;
      if (isChangeOf(scope, data)) return listener(data as string);
      this.#fault = "what is told there is no change that is watched";
      this.#onFault();
    };
    const isOpen = await new Promise<boolean>((resolve) => {
      const timer = setTimer(() => resolve(false), OPENING_MS);
      const settle = (opened: boolean) => (): void => {
        clearTimer(timer);
        resolve(opened);
      };
      socket.onopen = settle(true);
      socket.onerror = socket.onclose = settle(false);
    });
    if (isOpen) return socket;
    socket.close();
    // Why, nobody tells of a socket (https://websockets.spec.whatwg.org/#feedback-from-the-protocol). Asked without one, the service does.
    const response = await link.fetch(`watch${address.search}`, {}, OPENING_MS);
    throw response.status === UPGRADE_REQUIRED
      ? new Error("the socket did not open")
      : await refusalIn(response);
  }

  /** Resolves when the socket is lost, with how. */
  #lost(socket: WebSocket): Promise<BurrowError> {
    return new Promise((resolve) => {
      this.#heard = Date.now();
      let timer: ReturnType<typeof setTimer>;
      const end = (reason: string): void => {
        clearTimer(timer);
        socket.onmessage = socket.onclose = socket.onerror = null;
        socket.close();
        resolve(failed(new Error(reason), false));
      };
      const tryOut = (): void => {
        if (Date.now() - this.#heard > SILENCE_MS) return end("the connection is silent");
        socket.send("ping");
        timer = setTimer(tryOut, PING_MS);
      };
      timer = setTimer(tryOut, PING_MS);
      socket.onclose = ({ code, reason }) => end(reason || `the connection was closed, code ${code}`);
      socket.onerror = () => end("the connection was lost");
      this.#onFault = () => end(this.#fault ?? "");
      // It may have been lost since it opened.
      if (this.#fault !== undefined) end(this.#fault);
      else if (socket.readyState > socket.OPEN) end("the connection was lost");
    });
  }
}
