// A page whose bundler knows nothing of wasm: the file is copied beside the bundle.
import * as burrow from "burrow-store";
import { job } from "./job.mjs";

globalThis.result = burrow.init(new URL("burrow_bg.wasm", import.meta.url)).then(() => job(burrow));
