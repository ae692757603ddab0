// Opens handles of SQLite files with this runtime's library, or with better-sqlite3.

import { createRequire } from "node:module";

/** A function that opens a file. `betterSqlite3` is where that is, if it is to be used. */
export function connector(betterSqlite3) {
  if (betterSqlite3) {
    const Database = createRequire(import.meta.url)(betterSqlite3);
    return (file, { readOnly = false } = {}) => new Database(file, { readonly: readOnly });
  }
  const bun = "Bun" in globalThis ? process.getBuiltinModule("bun:sqlite") : undefined;
  if (bun) {
    return (file, { readOnly = false } = {}) =>
      new bun.Database(file, readOnly ? { readonly: true } : { readwrite: true, create: true });
  }
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  return (file, options = {}) => new DatabaseSync(file, options);
}
