// The mob of simulated agents in this tab, and its supervisor, who brings those that crash back to life. Which tab's
// mob is the one that works is decided by claims alone: the supervisor's, and each agent's own.

import { BurrowError, type ClaimedRuntime, type Store } from "burrow-store";
import { live, MOB, type News, type Place } from "./agent.js";
import { takeUp } from "./memory.js";

const SUPERVISOR = `${MOB}/supervisor`;
const LIFE_MS = { least: 2000, most: 8000 };
const DEAD_MS = 800;
const AGENTS = [1, 2, 3, 4].map((number) => `${MOB}/agent-${number}`);

/** What has become of an agent. */
export type Status = "away" | "working" | "crashed" | "fenced" | "failed";

/** One agent, seen from outside. */
export interface AgentView {
  id: string;
  status: Status;
  /** The boundary that it works on, or worked on last. */
  place?: Place;
  crashes: number;
  error?: unknown;
}

/** The mob, seen from outside. */
export interface MobView {
  running: boolean;
  agents: readonly AgentView[];
  /** Boundaries that the store acknowledged to an agent of this tab. */
  acknowledged: number;
  /** Acknowledged boundaries that a recovery did not find, and whatever else did not fit together. */
  faults: readonly string[];
  /** The latest turn of events. */
  news: string;
  error?: unknown;
}

/** The mob before it was ever started. */
export const AWAY: MobView = {
  running: false,
  agents: AGENTS.map((id) => ({ id, status: "away", crashes: 0 })),
  acknowledged: 0,
  faults: [],
  news: "",
};

/** Starts, tends and stops the agents, and says what becomes of them. */
export class Mob {
  readonly #store: Store;
  readonly #show: (view: MobView) => void;
  readonly #lastAcknowledged = new Map<string, Place>();
  #view = AWAY;
  #cursor = 0n;
  #stop = new AbortController();

  /** `show` gets the view whenever it has changed. */
  constructor(store: Store, show: (view: MobView) => void) {
    this.#store = store;
    this.#show = show;
  }

  /** Starts the mob, or takes it over from another tab; resolves when its last agent has gone. */
  async start(): Promise<void> {
    this.#stop = new AbortController();
    const { error, ...view } = this.#view;
    this.#change({ ...view, running: true, news: "The supervisor claims the mob." });
    try {
      const supervisor = await this.#store.runtime(SUPERVISOR).claim();
      await takeUp(supervisor);
      this.#cursor = (await this.#store.getCursor(MOB)) ?? 0n;
      const labels = await this.#store.getLabels({ mob: MOB });
      if (Object.keys(labels).length === 0) await this.#store.setLabels({ mob: MOB }, { env: "demo" });
      await Promise.all(AGENTS.map((id) => this.#tend(id, supervisor)));
      await supervisor.transition({ from: "running", to: "idle" });
      await supervisor.release();
    } catch (error) {
      this.#change(isFenced(error) ? { news: "Another tab has the mob." } : { error });
    }
    this.#change({ running: false });
  }

  /** Has every agent leave after its boundary; one that has crashed recovers first, to leave its place in order. */
  stop(): void {
    this.#stop.abort();
  }

  /** Gives an agent one life after the other, as long as the mob is ours. */
  async #tend(id: string, supervisor: ClaimedRuntime): Promise<void> {
    try {
      for (;;) {
        const end = await this.#life(id);
        if (end === "stopped") return this.#turn(id, "away", "has stopped.");
        if (end === "crashed") {
          this.#turn(id, "crashed", "has crashed: its memory and its claim are gone.");
          await new Promise((resolve) => setTimeout(resolve, DEAD_MS));
        }
        // An agent of ours may be fenced though the mob is ours: by one of the tab that had it before.
        if (!(await isOurs(supervisor))) {
          return this.#turn(id, "fenced", "was fenced: another tab has the mob.");
        }
      }
    } catch (error) {
      this.#turn(id, "failed", "cannot go on.", { error });
    }
  }

  /** One life of an agent. A crash ends it at any moment; the results of calls still under way are dropped. */
  async #life(id: string): Promise<"stopped" | "crashed" | "fenced"> {
    const crash = new AbortController();
    const crashed = new Promise<"crashed">((resolve) =>
      crash.signal.addEventListener("abort", () => resolve("crashed")),
    );
    const { least, most } = LIFE_MS;
    const timer = setTimeout(() => crash.abort(), least + (most - least) * Math.random());
    const tell = (news: News): Promise<void> => this.#hear(id, news);
    const world = { store: this.#store, crash: crash.signal, stop: this.#stop.signal, tell };
    const lived = live(id, world).then(
      () => "stopped" as const,
      (error: unknown) => {
        if (isFenced(error)) return "fenced" as const;
        throw error;
      },
    );
    try {
      return await Promise.race([lived, crashed]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #hear(id: string, news: News): Promise<void> {
    switch (news.kind) {
      case "recovered": {
        const faults = [...news.faults, ...(await this.#missing(id))];
        this.#change({ faults: [...new Set([...this.#view.faults, ...faults])] });
        const { run, next } = news.memory;
        const place = { run, sequence: next };
        const again = news.requeued > 0 ? `, ${news.requeued} of its inputs queued again` : "";
        return this.#turn(id, "working", `goes on from the store at boundary ${next}${again}.`, { place });
      }
      case "working":
        return this.#update(id, { status: "working", place: { run: news.run, sequence: news.sequence } });
      case "committed":
        this.#lastAcknowledged.set(id, { run: news.run, sequence: news.sequence });
        this.#change({ acknowledged: this.#view.acknowledged + 1 });
        this.#cursor += 1n;
        return this.#store.setCursor(MOB, this.#cursor);
    }
  }

  /** What was acknowledged to the agent's last life, and is not there. */
  async #missing(id: string): Promise<string[]> {
    const last = this.#lastAcknowledged.get(id);
    const missing: string[] = [];
    for (let sequence = 0n; last && sequence <= last.sequence; sequence++) {
      const receipt = await this.#store.runtime(id).receipt(last.run, sequence);
      if (!receipt) missing.push(`boundary ${sequence} of run ${last.run} was acknowledged, and is lost`);
    }
    return missing;
  }

  /** A turn of events in an agent's life, which is news. */
  #turn(id: string, status: Status, what: string, changes: Partial<AgentView> = {}): void {
    this.#update(id, { status, error: undefined, ...changes });
    this.#change({ news: `${id} ${what}` });
  }

  #update(id: string, changes: Partial<AgentView>): void {
    const crash = changes.status === "crashed" ? 1 : 0;
    const updated = (agent: AgentView): AgentView => ({
      ...agent,
      ...changes,
      crashes: agent.crashes + crash,
    });
    const agents = this.#view.agents.map((agent) => (agent.id === id ? updated(agent) : agent));
    this.#change({ agents });
  }

  #change(changes: Partial<MobView>): void {
    this.#view = { ...this.#view, ...changes };
    this.#show(this.#view);
  }
}

/** Whether the mob is still ours: a write under the supervisor's claim says so, and changes nothing. */
async function isOurs(supervisor: ClaimedRuntime): Promise<boolean> {
  try {
    await supervisor.transition({ from: "running", to: "running" });
    return true;
  } catch (error) {
    if (isFenced(error)) return false;
    throw error;
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof BurrowError && error.code === "Fenced";
}
