// PouchDB: documents with revisions, the snapshot as an attachment, a commit one call of `bulkDocs`, which is not
// atomic. It has no say in durability: it gets the browser's default, which is relaxed.

import PouchDB from "pouchdb-browser";

export const u64 = Number;

export async function open(name) {
  const db = new PouchDB(name, { auto_compaction: true });
  // To replace a document one has to know its revision.
  const revisions = new Map();

  async function put(docs) {
    const results = await db.bulkDocs(docs.map((doc) => ({ ...doc, _rev: revisions.get(doc._id) })));
    for (const { id, rev, error, reason } of results) {
      if (error) throw new Error(`${id}: ${reason}`);
      revisions.set(id, rev);
    }
  }

  async function under(prefix) {
    const { rows } = await db.allDocs({ startkey: prefix, endkey: `${prefix}\ufff0`, include_docs: true });
    return rows.map(({ doc }) => doc);
  }

  const inputDoc = (runtime, input) => ({ _id: `input/${runtime}/${input.input_id}`, input });

  return {
    boundary: (runtime, { receipt, session, inputs }) =>
      put([
        ...(session ? [sessionDoc(runtime, session)] : []),
        ...inputs.map((input) => inputDoc(runtime, input)),
        { _id: `receipt/${runtime}/${receipt.run_id}/${receipt.sequence}`, receipt },
      ]),
    input: (runtime, input) => put([inputDoc(runtime, input)]),
    setCursor: (mob, cursor) => put([{ _id: `cursor/${mob}`, cursor }]),
    setLabels: (entry) => put([{ _id: `labels/${entry.mob}/${entry.run ?? ""}`, entry }]),
    inputs: async (runtime) => (await under(`input/${runtime}/`)).map(({ input }) => input),
    async session(runtime) {
      const blob = await db.getAttachment(`session/${runtime}`, "snapshot");
      return new Uint8Array(await blob.arrayBuffer());
    },
    receipt: async (runtime, run, sequence) =>
      (await db.get(`receipt/${runtime}/${run}/${sequence}`)).receipt,
    cursor: async (mob) => (await db.get(`cursor/${mob}`)).cursor,
    labels: async () => (await under("labels/")).map(({ entry }) => entry),
    async select(key, value) {
      const docs = await under("labels/");
      return docs.map(({ entry }) => entry).filter(({ labels }) => labels[key] === value);
    },
    close: () => db.close(),
  };
}

function sessionDoc(runtime, session) {
  const data = new Blob([session]);
  const snapshot = { content_type: "application/octet-stream", data };
  return { _id: `session/${runtime}`, _attachments: { snapshot } };
}
