// The demo's place on the page.

import { useState } from "preact/hooks";
import { Failure } from "../failure.js";
import { counted, shortId } from "../format.js";
import { useStore } from "../live.js";
import { AWAY, Mob, type AgentView } from "./mob.js";

const STATUS = {
  away: "not running",
  working: "working",
  crashed: "crashed",
  fenced: "fenced",
  failed: "failed",
};

/** Starts and stops the mob, and shows its agents. */
export function DemoPanel() {
  const { store } = useStore();
  const [view, setView] = useState(AWAY);
  const [mob] = useState(() => new Mob(store, setView));
  const { running, agents, acknowledged, faults, news, error } = view;
  const crashes = agents.reduce((sum, agent) => sum + agent.crashes, 0);
  const begun = running || news !== "";
  return (
    <section class="demo" aria-labelledby="demo-title">
      <div class="title">
        <h2 id="demo-title">Demo</h2>
        <p class="note">
          Four simulated agents in this tab commit run boundaries, crash, and recover from the store. Start
          them in a second tab too: it takes over, and the ones here are fenced.
        </p>
        {running ? (
          <button onClick={() => mob.stop()}>Stop</button>
        ) : (
          <button class="main" onClick={() => void mob.start()}>
            Start the demo mob
          </button>
        )}
      </div>
      {error !== undefined && <Failure error={error} />}
      {begun && (
        <>
          <ul class="agents">
            {agents.map((agent) => (
              <Agent key={agent.id} agent={agent} />
            ))}
          </ul>
          <p class="sum">
            {counted(acknowledged, "boundary", "boundaries")} acknowledged ·{" "}
            {counted(crashes, "crash", "crashes")} ·{" "}
            <b class={faults.length > 0 ? "gap" : ""}>{faults.length} lost or torn</b>
          </p>
          {faults.map((fault) => (
            <p key={fault} class="failure" role="alert">
              {fault}
            </p>
          ))}
        </>
      )}
      <p class="news" role="status">
        {news}
      </p>
    </section>
  );
}

function Agent({ agent: { id, status, place, crashes, error } }: { agent: AgentView }) {
  return (
    <li class="card" aria-label={id}>
      <div class="title">
        <h3>{id}</h3>
        <span class={`badge ${status}`}>{STATUS[status]}</span>
      </div>
      <p class="place">
        {place && (
          <>
            run <code title={place.run}>{shortId(place.run)}</code> · boundary <b>{String(place.sequence)}</b>{" "}
            ·{" "}
          </>
        )}
        {counted(crashes, "crash", "crashes")}
      </p>
      {error !== undefined && <Failure error={error} />}
    </li>
  );
}
