#!/usr/bin/env node
// `burrow-store`: a store in an SQLite file, exported, imported, looked at and verified from a shell.

import { createReadStream, existsSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import { openStore } from "./node.js";
import type { Store } from "./store.js";

const HELP = `burrow-store: a store in an SQLite file, from a shell

  burrow-store export PATH [FILE]                 writes all that the store holds to FILE, a new file, or to the standard output
  burrow-store import PATH [FILE] [--overwrite]   takes an export from FILE, or from the standard input, into the store, which is made
                                                  where there is none; with --overwrite also where the store has something else
  burrow-store status PATH                        says what the store is
  burrow-store verify PATH                        reads everything and says what is damaged

An import that ended early is completed by doing it again. Results are JSON, problems go to the standard error.
It exits with 0 where all went well, with 1 where something failed or is damaged, with 2 where it was not called so.
`;

/** What the program was called with is wrong. */
class Usage extends Error {}

const COMMANDS = { export: exportStore, import: importStore, status, verify } as const;

async function main(args: string[]): Promise<number> {
  if (args.some((arg) => arg === "--help" || arg === "-h")) {
    await print(HELP);
    return 0;
  }
  const [name, path, file, ...more] = args.filter((arg) => arg !== "--overwrite");
  const overwrite = args.includes("--overwrite");
  if (name === undefined || !Object.keys(COMMANDS).includes(name)) {
    throw new Usage(
      name === undefined ? "no command was given" : `there is no command ${JSON.stringify(name)}`,
    );
  }
  const takesFile = name === "export" || name === "import";
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--overwrite");
  if (unknown !== undefined) throw new Usage(`unknown option ${unknown}`);
  if (overwrite && name !== "import") throw new Usage(`--overwrite is for import`);
  if (path === undefined) throw new Usage(`${name} takes the PATH of a store`);
  const surplus = takesFile ? more[0] : file;
  if (surplus !== undefined) throw new Usage(`unknown argument ${JSON.stringify(surplus)}`);
  if (name !== "import" && !existsSync(path)) throw new Error(`there is no file ${JSON.stringify(path)}`);
  if (name === "import" && file !== undefined && !existsSync(file)) {
    throw new Error(`there is no file ${JSON.stringify(file)}`);
  }
  const store = await openStore({ path });
  try {
    return await COMMANDS[name as keyof typeof COMMANDS](store, file, overwrite);
  } finally {
    await store.close();
  }
}

async function exportStore(store: Store, file: string | undefined): Promise<number> {
  if (file === undefined) {
    for await (const chunk of chunks(store)) await print(chunk);
    return 0;
  }
  // Never over another file: that may be the only good copy.
  const to = await open(file, "wx");
  let bytes = 0;
  try {
    try {
      for await (const chunk of chunks(store)) {
        await to.writeFile(chunk);
        bytes += chunk.byteLength;
      }
      await to.sync();
    } finally {
      await to.close();
    }
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  await print(json({ file, bytes }));
  return 0;
}

/** What Node's own streams can be iterated over for, and its declarations of the browser's cannot. */
function chunks(store: Store): AsyncIterable<Uint8Array> {
  return store.export() as unknown as AsyncIterable<Uint8Array>;
}

async function importStore(store: Store, file: string | undefined, overwrite: boolean): Promise<number> {
  const source: AsyncIterable<Uint8Array> = file === undefined ? process.stdin : createReadStream(file);
  await print(json(await store.import(source, { overwrite })));
  return 0;
}

async function status(store: Store): Promise<number> {
  await print(json({ authorityKey: store.authorityKey, ...(await store.status()) }));
  return 0;
}

async function verify(store: Store): Promise<number> {
  const verified = await store.verify();
  await print(json(verified));
  return verified.problems === 0 ? 0 : 1;
}

function json(value: unknown): string {
  return `${shown(JSON.stringify(value, null, 2))}\n`;
}

/** A text for a terminal, which names of files, ids and what a damaged file holds are not to steer: control characters as escapes. */
function shown(text: string): string {
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/gu, escaped);
}

/** The same in one line. */
function line(text: string): string {
  return shown(text).replaceAll("\n", "\\n");
}

/** Writes to the standard output, as fast as it is read. */
function print(chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

// The callback of the write is told too.
process.stdout.on("error", () => {});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as Error & { code?: string };
  if (error instanceof Usage) {
    process.stderr.write(`burrow-store: ${line(message)}; see burrow-store --help\n`);
    process.exitCode = 2;
  } else {
    // Whoever has read enough, as `head` has, needs to be told nothing.
    if (code !== "EPIPE") process.stderr.write(`burrow-store: ${line(message)}\n`);
    process.exitCode = 1;
  }
}
