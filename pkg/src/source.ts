// From where the wasm is to the compiled module, and what can go wrong on the way.

import { BurrowError, invalid, said } from "./error.js";
import { clearTimer, platform, setTimer } from "./platform.js";
import type { WasmSource } from "./types.js";

/** Reads a file where there are files. */
export type ReadFile = (file: URL | string) => Promise<ArrayBufferView>;

const DEADLINE_MS = 30_000;

const OTHERWISE = 'import "burrow-store/inline", which needs no second file, or call init(bytes or address)';

/** Refuses what can be no source, with the name of the argument. */
export function checkSource(source: unknown): void {
  if (source !== undefined && !is(source, "Promise") && !isAddress(source) && !isWasm(source))
    throw notWasm();
}

/** Compiles the module, unless another comes first. Every failure is a `BurrowError`. */
export async function compile(
  source: () => WasmSource,
  readFile: ReadFile | undefined,
  first: Promise<unknown>,
): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === "undefined") throw noWebAssembly();
  for (const [name, value] of Object.entries(platform)) {
    if (value === undefined) throw loadFailed(`${name} is missing`);
  }
  const policy = watchPolicy();
  try {
    const begun = begin(source);
    // A Worker's own, for which there is nothing to wait; at its module level there could be nothing to wait with.
    if (is<WebAssembly.Module>(begun, "WebAssembly.Module")) return begun;
    return await inTime(async (signal) => {
      const given = await begun;
      const wasm = isAddress(given) ? await load(given, readFile, signal) : given;
      if (is<WebAssembly.Module>(wasm, "WebAssembly.Module")) return wasm;
      if (is<Response>(wasm, "Response")) return compileResponse(wasm);
      if (isBytes(wasm)) return compileBytes(wasm, "it");
      throw notWasm();
    }, first);
  } catch (cause) {
    if (cause instanceof BurrowError) throw cause;
    const directive = await policy.refused();
    throw explained(cause, directive) ?? couldNotFetch(cause);
  } finally {
    policy.end();
  }
}

function begin(source: () => WasmSource): unknown {
  try {
    return source();
  } catch (cause) {
    // A script that is no module has no `import.meta.url`.
    throw (
      explained(cause) ??
      loadFailed(`its address is not known here (${said(cause)}); ${OTHERWISE}`, { cause })
    );
  }
}

/** What is wrong with what was to become an instance. */
export function instanceFailed(cause: unknown): BurrowError {
  return cause instanceof BurrowError ? cause : (explained(cause) ?? notOurs(cause));
}

function notOurs(cause: unknown): BurrowError {
  const why = `this is not the module of this version of burrow (${said(cause)})`;
  return loadFailed(why, { cause });
}

/** What is wrong, where the failure itself says so. `directive` is of the policy that refused something. */
function explained(cause: unknown, directive?: string): BurrowError | undefined {
  const failed = (why: string): BurrowError => loadFailed(`${why} (${said(cause)})`, { cause });
  if (directive !== undefined && !directive.startsWith("script-src")) {
    return failed(`the Content Security Policy's ${directive} forbids to fetch it; ${OTHERWISE}`);
  }
  if (directive !== undefined || /content security policy|\bCSP\b|unsafe-eval/i.test(said(cause))) {
    return failed("the Content Security Policy forbids WebAssembly: its script-src needs 'wasm-unsafe-eval'");
  }
  if (/embedder/i.test(said(cause))) {
    return failed("nothing is compiled at run time here: call init(WebAssembly.Module)");
  }
  const { name, code } = cause as { name?: unknown; code?: unknown };
  if (code === "ENOENT") return failed(`there is no such file; ${OTHERWISE}`);
  if (name === "ReferenceError") return failed("a global is missing");
  if (name === "CompileError" || name === "LinkError") return notOurs(cause);
  return undefined;
}

function loadFailed(why: string, details: { cause?: unknown; retryable?: boolean } = {}): BurrowError {
  return new BurrowError("LoadFailed", `the WebAssembly module did not load: ${why}`, details);
}

function couldNotFetch(cause: unknown): BurrowError {
  return loadFailed(`it could not be fetched; try again (${said(cause)})`, { cause, retryable: true });
}

function noWebAssembly(): BurrowError {
  return new BurrowError(
    "Unsupported",
    "WebAssembly is switched off here, and data cannot be kept without it: allow it for this website (Safari's Lockdown Mode), " +
      "or do without --jitless (Node)",
  );
}

function notWasm(): BurrowError {
  return invalid(
    "source",
    "expected bytes, a URL, a Response (or the promise of one), or a WebAssembly.Module",
  );
}

/** Does the work, which must end in time, and ends when another was first. */
async function inTime<T>(work: (signal: AbortSignal) => Promise<T>, first: Promise<unknown>): Promise<T> {
  const ending = new AbortController();
  let timer;
  const late = new Promise<never>((_, reject) => {
    const end = (reason: string): void => {
      reject(loadFailed(reason, { retryable: true }));
      ending.abort();
    };
    timer = setTimer(() => end(`there was no answer in ${DEADLINE_MS / 1000} s; try again`), DEADLINE_MS);
    first.then(
      () => end("another source was there first"),
      () => {},
    );
  });
  try {
    return await Promise.race([work(ending.signal), late]);
  } finally {
    clearTimer(timer);
  }
}

async function load(
  address: URL | string,
  readFile: ReadFile | undefined,
  signal: AbortSignal,
): Promise<Response | ArrayBufferView> {
  const file = onDisk(address);
  const read = file !== undefined && (readFile ?? nodesReadFile());
  if (read) return read(file);
  try {
    const response = await fetch(address, { signal });
    const instead = isWasmFile(response) ? undefined : inPackage(address);
    return instead === undefined ? response : await fetch(instead, { signal });
  } catch (cause) {
    if (!(file instanceof URL)) throw cause;
    throw loadFailed(`a page cannot fetch it from the disk (${said(cause)}); ${OTHERWISE}`, { cause });
  }
}

function isWasmFile({ ok, headers }: Response): boolean {
  return ok && !headers.get("content-type")?.startsWith("text/html");
}

/**
 * Where the file is in the package, if the address is in a cache within node_modules: a dev server moves the JavaScript there, and
 * leaves the wasm where it was.
 */
function inPackage(address: URL | string): string | undefined {
  const [, modules] = /^(.*\/node_modules\/)\./.exec(String(address)) ?? [];
  return modules && `${modules}burrow-store/wasm/burrow_bg.wasm`;
}

/** The file of an address that is one; what is no address at all is the path of a file. */
function onDisk(address: URL | string): URL | string | undefined {
  try {
    const url = new URL(address);
    // A drive on Windows looks like a scheme.
    if (url.protocol.length === 2) return address;
    return url.protocol === "file:" ? url : undefined;
  } catch {
    return address;
  }
}

/** Node's, where a bundle for browsers or a test's imitation of one runs in Node. */
function nodesReadFile(): ReadFile | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => { readFile: ReadFile } };
  };
  return process?.getBuiltinModule?.("node:fs/promises").readFile;
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  const { status, statusText } = response;
  const from = response.url || "the response";
  if (!response.ok) {
    const retryable = status >= 500 || status === 408 || status === 429;
    const then = retryable ? "try again" : OTHERWISE;
    throw loadFailed(`${from} answered ${status} ${statusText}; ${then}`, { retryable });
  }
  // Compiling while it arrives wants this very type, which not every server gives.
  const type = response.headers.get("content-type");
  return type === "application/wasm" && typeof WebAssembly.compileStreaming === "function"
    ? WebAssembly.compileStreaming(response)
    : compileBytes(await response.arrayBuffer(), from);
}

async function compileBytes(bytes: BufferSource, from: string): Promise<WebAssembly.Module> {
  const [first] = "buffer" in bytes ? new Uint8Array(bytes.buffer, bytes.byteOffset) : new Uint8Array(bytes);
  if (first === LESS_THAN) {
    throw loadFailed(`${from} is an HTML page, which servers send for files that they lack; ${OTHERWISE}`);
  }
  return WebAssembly.compile(bytes);
}

const LESS_THAN = 0x3c;

/** How long the browser may take to say that it was its policy. */
const GRACE_MS = 500;

/** Notes what the page's Content Security Policy refuses: a fetch that it refused fails as if there were no network. */
function watchPolicy(): { refused(): Promise<string | undefined>; end(): void } {
  const { addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>;
  let directive: string | undefined;
  let told: (() => void) | undefined;
  const note = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
    if (effectiveDirective !== "connect-src" && blockedURI !== "wasm-eval") return;
    directive = effectiveDirective;
    told?.();
  };
  addEventListener?.("securitypolicyviolation", note);
  return {
    async refused() {
      // The event comes in a task of its own, and to a worker of Firefox's by way of another thread.
      if (addEventListener && directive === undefined)
        await new Promise<void>((resolve) => {
          told = resolve;
          setTimer(resolve, GRACE_MS) ?? resolve();
        });
      return directive;
    },
    end: () => removeEventListener?.("securitypolicyviolation", note),
  };
}

function isWasm(value: unknown): boolean {
  return isBytes(value) || is(value, "Response") || is(value, "WebAssembly.Module");
}

function isBytes(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || is(value, "ArrayBuffer");
}

function isAddress(value: unknown): value is URL | string {
  return typeof value === "string" || is(value, "URL");
}

/** Whether it is one of a kind that the platform makes, whichever realm it comes from. */
function is<T>(value: unknown, tag: string): value is T {
  try {
    return typeof value === "object" && Object.prototype.toString.call(value) === `[object ${tag}]`;
  } catch {
    return false;
  }
}
