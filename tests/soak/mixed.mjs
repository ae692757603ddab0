// Many mixed operations by several tasks at once on one store: every read is right, and every commit is told once. `tests/soak.rs` is
// the same in Rust.

const TASKS = 8;
const KEPT = 50;
const NOW = "2026-11-22T02:48:30Z";

/** The tasks, which go on over several stores, opened one after the other on the same data. */
export async function newSoak({ newId, openStore }) {
  const tasks = [];
  while (tasks.length < TASKS) tasks.push(await Task.of(tasks.length, newId));
  return {
    /** Opens the store, makes so many operations, and closes it. */
    async round(operations) {
      const store = await openStore();
      let told = 0;
      let pruned = 0;
      const stop = store.watch({}, ({ kinds }) => {
        if (kinds.join() === "receipt") pruned += 1;
        else told += 1;
      });
      const sum = (name) => tasks.reduce((sum, task) => sum + task[name], 0);
      const before = { told: sum("told"), prunes: sum("prunes") };
      await Promise.all(tasks.map((task) => task.run(store, Math.floor(operations / TASKS))));
      stop();
      must(told === sum("told") - before.told, "changes that were told");
      must(pruned === sum("prunes") - before.prunes, "prunings that were told");
      await store.close();
    },
  };
}

function must(isSo, what) {
  if (!isSo) throw new Error(`wrong: ${what}`);
}

const encode = (text) => new TextEncoder().encode(text);

/** A snapshot of 1 to 8 KB that its number tells. */
const session = (number) => `message ${number} `.repeat(100 + (number % 7) * 80);

/** What one task has written, of which it is the only writer. */
class Task {
  boundaries = 0;
  prunedTo = 0;
  state = "initializing";
  cursor = 0n;
  label = 0;
  epoch = 0n;
  /** How many commits watchers must have been told of, and how many prunings. */
  told = 0;
  prunes = 0;

  static async of(number, newId) {
    const task = new Task();
    task.random = seeded(number);
    task.id = `agent-${number}`;
    task.mob = `mob-${number}`;
    task.run_id = await newId();
    task.inputs = [];
    const rest = { current_state: "queued", attempt_count: 0, created_at: NOW, updated_at: NOW };
    while (task.inputs.length < 20) task.inputs.push({ input_id: await newId(), ...rest });
    return task;
  }

  async run(store, operations) {
    await this.claim(store);
    for (let i = 1; i < operations; i++) await this.operate(store);
    must(((await store.runtime(this.id).state()) ?? "initializing") === this.state, "state");
    const written = this.inputs.filter((input) => input.attempt_count > 0);
    const found = await store.runtime(this.id).inputs();
    must(found.map(told).join() === written.map(told).sort().join(), "inputs");
    for (let i = 0; i < 20; i++) await this.read(store);
  }

  async operate(store) {
    const chance = this.random(20);
    if (chance < 5) return this.commitBoundary();
    if (chance < 7) {
      const input = this.inputs[this.random(this.inputs.length)];
      input.attempt_count += 1;
      this.told += 1;
      return this.claimed.persistInput(input);
    }
    if (chance === 7) {
      const [from, to] = [this.state, this.state === "idle" ? "running" : "idle"];
      [this.state, this.told] = [to, this.told + 1];
      return this.claimed.transition({ from, to });
    }
    if (chance === 8) {
      this.told += 1;
      return store.patchLabels({ mob: this.mob }, { set: { n: String(++this.label) } });
    }
    if (chance === 9) {
      this.told += 1;
      return must((await store.advanceCursor(this.mob, ++this.cursor)) === this.cursor, "cursor");
    }
    if (chance === 10 && this.random(10) === 0) return this.overtake(store);
    // A run that is open keeps its receipts.
    if (chance === 11 && this.random(10) === 0 && this.state !== "running") return this.prune();
    return this.read(store);
  }

  async claim(store) {
    this.claimed = await store.runtime(this.id).claim();
    this.told += 1;
    must(this.claimed.epoch === ++this.epoch, "epoch");
  }

  /** Claims anew: the claim before is refused. */
  async overtake(store) {
    const before = this.claimed;
    await this.claim(store);
    const code = await before.commitSession(encode("stale")).then(
      () => "ok",
      (error) => error.code,
    );
    must(code === "Fenced", `${code} of a claim that was overtaken`);
  }

  /** A boundary, and one time in eight the same again, as after a lost acknowledgement. */
  async commitBoundary() {
    const input = this.inputs[this.random(this.inputs.length)];
    input.attempt_count += 1;
    const number = this.boundaries++;
    const commit = {
      receipt: this.receipt(number),
      session: encode(session(number)),
      inputs: [{ ...input }],
    };
    this.told += 1;
    await this.claimed.commitBoundary(commit);
    if (this.random(8) === 0) await this.claimed.commitBoundary(commit);
  }

  receipt(number) {
    const { run_id } = this;
    const rest = { boundary: "run_checkpoint", contributing_input_ids: [] };
    return { run_id, ...rest, message_count: BigInt(number * 3), sequence: BigInt(number) };
  }

  async prune() {
    const due = Math.max(0, this.boundaries - this.prunedTo - KEPT);
    const { receipts } = await this.claimed.prune({ keepReceipts: KEPT });
    must(receipts === due, `${receipts} of ${due} receipts pruned`);
    this.prunedTo += due;
    // Two hundred in one transaction.
    this.prunes += Math.ceil(due / 200);
  }

  async read(store) {
    const runtime = store.runtime(this.id);
    const last = this.boundaries - 1;
    switch (this.random(6)) {
      case 0: {
        const found = await runtime.session();
        return must(
          last < 0 ? found === undefined : new TextDecoder().decode(found) === session(last),
          "session",
        );
      }
      case 1: {
        if (last < 0) return;
        const number = this.random(this.boundaries);
        const found = await runtime.receipt(this.run_id, BigInt(number));
        const due = number < this.prunedTo ? undefined : BigInt(number * 3);
        return must(found?.message_count === due, `receipt ${number} of ${this.boundaries}`);
      }
      case 2:
        return must(
          (await runtime.lastReceipt())?.sequence === (last < 0 ? undefined : BigInt(last)),
          "last receipt",
        );
      case 3: {
        const input = this.inputs[this.random(this.inputs.length)];
        const found = await runtime.input(input.input_id);
        return must(input.attempt_count === (found?.attempt_count ?? 0), "input");
      }
      case 4: {
        const { n } = await store.getLabels({ mob: this.mob });
        return must(n === (this.label > 0 ? String(this.label) : undefined), "label");
      }
      default:
        return must(((await store.getCursor(this.mob)) ?? 0n) === this.cursor, "cursor");
    }
  }
}

const told = ({ input_id, attempt_count }) => `${input_id} ${attempt_count}`;

/** Numbers below an end, the same for the same seed: mulberry32. */
function seeded(seed) {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
}
