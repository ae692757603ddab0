// A page whose bundler knows the wasm as a file like any other.
import * as burrow from "burrow-store";
import wasm from "burrow-store/wasm";
import { job } from "./job.mjs";

globalThis.result = burrow.init(new URL(wasm, import.meta.url)).then(() => job(burrow));
