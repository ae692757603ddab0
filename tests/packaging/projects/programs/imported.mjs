// What a server does that renders a page: it imports the page's code, the package in it, and opens no store. Everything
// that would be work is noted; then the named entries are imported, and what was noted is printed.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const noted = [];
let noting = true;

function note(holder, names, ofArgument = () => true) {
  for (const name of names) {
    const original = holder[name];
    holder[name] = function (...args) {
      const argument = String(args[0]);
      if (noting && ofArgument(argument)) noted.push(`${name} ${argument.slice(0, 80)}`);
      return new.target ? Reflect.construct(original, args) : original.apply(this, args);
    };
  }
}

// Node itself reads the code that it imports.
const notCode = (file) => !/\.(c?js|json)$/.test(file);
note(fs, ["open", "openSync", "readFile", "readFileSync", "createReadStream"], notCode);
note(fs.promises, ["open", "readFile"], notCode);
note(globalThis, [
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "BroadcastChannel",
  "MessageChannel",
]);
note(WebAssembly, [
  "compile",
  "compileStreaming",
  "instantiate",
  "instantiateStreaming",
  "Module",
  "Instance",
]);
syncBuiltinESMExports();

const names = Object.keys(globalThis);
const modules = [];
for (const entry of process.argv.slice(2)) modules.push(await import(entry));
noting = false;

const added = Object.keys(globalThis).filter((name) => !names.includes(name));
console.log(JSON.stringify({ opens: modules.map((module) => typeof module.openStore), noted, added }));
