// What suites print that run beside each other: one's lines as they come, those of the others when it has ended, so that no two mix.

const queue = [];

/** The output of one more suite. */
export function output() {
  const own = { kept: [], hasEnded: false };
  queue.push(own);
  return {
    /** Prints it, now or when it is its turn. */
    write(stream, data) {
      if (queue[0] === own) stream.write(data);
      else own.kept.push([stream, data]);
    },
    /** There is no more of it. */
    end() {
      own.hasEnded = true;
      while (queue[0]?.hasEnded) {
        queue.shift();
        for (const [stream, data] of queue[0]?.kept.splice(0) ?? []) stream.write(data);
      }
    },
  };
}
