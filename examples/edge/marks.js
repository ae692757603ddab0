// Carries out what a client asks once, however often it asks: its last batch is noted in the same transaction as what each call writes,
// so a batch that comes again, because the answer was lost, is answered from the note.

import { BurrowError } from "burrow-store/serve";

/** How long the notes of a client are kept that is not heard of any more. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** The longest answer that is noted, and what stands for one that is longer. */
const LONGEST = 65_536;

/** The batch of a client that was not heard of. */
const NONE = -1;

const NOTHING = '{"value":null}';

export class Marks {
  /** What the store is to be opened with. */
  storage;
  #sql;
  #note;
  #last = Promise.resolve();

  constructor(storage) {
    this.#sql = storage.sql;
    this.storage = {
      sql: storage.sql,
      sync: () => storage.sync(),
      transactionSync: (closure) =>
        storage.transactionSync(() => {
          const result = closure();
          // An error that the closure throws undoes the transaction, so nothing is noted then.
          this.#note?.();
          return result;
        }),
    };
  }

  /** Makes the table, once the store has made its own. */
  prepare() {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS edge_clients (client TEXT PRIMARY KEY, batch INTEGER NOT NULL, answers TEXT NOT NULL, heard INTEGER NOT NULL)",
    );
  }

  once = (position, carryOut) => this.alone(() => this.#carryOut(position, carryOut));

  /** One thing that writes after the other: the transaction under way is that of the call whose note is set. */
  alone(work) {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #carryOut({ client, batch, place, inSteps }, carryOut) {
    const noted = this.#noted(client);
    if (noted.batch > batch) {
      throw new BurrowError(
        "Conflict",
        `conflict: batch ${noted.batch} of this client was carried out already`,
      );
    }
    const answers = noted.batch === batch ? noted.answers : {};
    const before = answers[place];
    if (before !== undefined) return before || forgotten();
    if (noted.batch === NONE) this.#forgetOld();
    let isNoted = false;
    const write = (answer) => {
      isNoted = true;
      answers[place] = answer.length > LONGEST ? "" : answer;
      this.#write(client, batch, answers);
    };
    // A call of several transactions is noted after the last of them: noted with the first, a retry would not finish it.
    this.#note = inSteps ? undefined : () => write(NOTHING);
    try {
      const answer = await carryOut();
      this.#note = undefined;
      if (!isNoted || answer !== NOTHING) write(answer);
      return answer;
    } finally {
      this.#note = undefined;
    }
  }

  #noted(client) {
    const [row] = this.#sql.exec("SELECT batch, answers FROM edge_clients WHERE client = ?", client);
    return row ? { batch: row.batch, answers: JSON.parse(row.answers) } : { batch: NONE, answers: {} };
  }

  #write(client, batch, answers) {
    const row = [client, batch, JSON.stringify(answers), Date.now()];
    this.#sql.exec("INSERT OR REPLACE INTO edge_clients VALUES (?, ?, ?, ?)", ...row);
  }

  #forgetOld() {
    this.#sql.exec("DELETE FROM edge_clients WHERE heard < ?", Date.now() - KEPT_MS);
  }
}

function forgotten() {
  const error = new BurrowError(
    "OutcomeUnknown",
    "outcome unknown: it was carried out, and its answer was too long to be kept",
  );
  return JSON.stringify({ error: error.toJSON() });
}
