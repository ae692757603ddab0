import type { WasmSource } from "./dist/browser.js";

/**
 * What `burrow-store/wasm` is where it can be imported: the file's address, its bytes or the compiled module, as the
 * bundler or runtime has it. Each of them goes to `init`.
 */
declare const wasm: WasmSource;
export default wasm;
