// A runtime's inputs by where they stand.

import type { Input, InputState } from "burrow-store";
import { useState } from "preact/hooks";
import { Failure } from "./failure.js";
import { clock, count, counted, shortId, words } from "./format.js";
import { ofRuntime, useLive } from "./live.js";

const PHASES: readonly InputState[] = [
  "accepted",
  "queued",
  "staged",
  "applied",
  "applied_pending_consumption",
  "consumed",
  "superseded",
  "coalesced",
  "abandoned",
];
const SHOWN = 50;

/** How many inputs stand in each phase; a phase opens to its newest inputs. */
export function Inputs({ runtime }: { runtime: string }) {
  const [open, setOpen] = useState<InputState | undefined>();
  const { value, error } = useLive((store) => store.runtime(runtime).inputs(), ofRuntime(runtime, "inputs"));
  if (error !== undefined) return <Failure error={error} />;
  if (!value || value.length === 0) return null;
  const inPhase = (phase: InputState): Input[] =>
    value.filter(({ current_state }) => current_state === phase);
  return (
    <div class="inputs">
      <div class="phases">
        <h4>{counted(value.length, "input")}</h4>
        {PHASES.filter((phase) => phase === open || inPhase(phase).length > 0).map((phase) => (
          <button
            key={phase}
            class={`phase ${phase}`}
            aria-expanded={phase === open}
            onClick={() => setOpen(phase === open ? undefined : phase)}
          >
            {words(phase)} <b>{count(inPhase(phase).length)}</b>
          </button>
        ))}
      </div>
      {open && <Newest inputs={inPhase(open)} />}
    </div>
  );
}

function Newest({ inputs }: { inputs: Input[] }) {
  return (
    <>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>input</th>
              <th class="number">attempts</th>
              <th class="number">recovered</th>
              <th>run</th>
              <th class="number">boundary</th>
              <th>updated</th>
            </tr>
          </thead>
          <tbody>
            {inputs
              .slice(-SHOWN)
              .reverse()
              .map((input) => (
                <tr key={input.input_id}>
                  <td title={input.input_id}>
                    <code>{shortId(input.input_id)}</code>
                  </td>
                  <td class="number">{input.attempt_count}</td>
                  <td class="number">{input.recovery_count}</td>
                  <td title={input.last_run_id}>
                    <code>{input.last_run_id === undefined ? "–" : shortId(input.last_run_id)}</code>
                  </td>
                  <td class="number">{String(input.last_boundary_sequence ?? "–")}</td>
                  <td>{clock(input.updated_at)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
      {inputs.length > SHOWN && (
        <p class="note">
          The newest {SHOWN} of {count(inputs.length)}.
        </p>
      )}
    </>
  );
}
