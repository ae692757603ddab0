// The contract's rules, compiled to wasm by wasm-bindgen's test macro, run one by one in whichever runtime this is.
// wasm-bindgen's own runner knows neither Bun nor workerd; what it does in Node is repeated here.

const EXPORTED = "__wbgt__sqlite_of_javascript::";

/** The names of the rules in the module. */
export const rulesIn = (module) =>
  WebAssembly.Module.exports(module)
    .filter(({ name }) => name.startsWith(EXPORTED))
    .map(({ name }) => name.slice(EXPORTED.length));

/**
 * An instance of the module: a function that runs one rule, and resolves with what it said where it does not hold, "" where it does. `bindings`
 * are the module's. `emptyDatabase` makes a database for a rule, `isFile` says whether it is a file.
 */
export async function rules(module, bindings, { emptyDatabase, isFile }) {
  const said = [];
  const say = (text) => said.push(text);
  // By this wasm-bindgen's tests know that there is no page.
  if (!("Deno" in globalThis)) globalThis.Deno = {};
  Object.assign(console, { log: say, error: say });
  Object.assign(globalThis, {
    emptyDatabase,
    isFile,
    __wbg_test_invoke: (test) => test(),
    __wbg_test_output_writeln: say,
    __wbgtest_og_console_log: say,
    __wbgtest_og_console_error: say,
  });
  const { exports } = await WebAssembly.instantiate(module, { "./rules_bg.js": bindings });
  bindings.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  return async (name) => {
    said.length = 0;
    const holds = await new bindings.WasmBindgenTestContext(false).run([exports[EXPORTED + name]]);
    return holds ? "" : said.join("\n");
  };
}
