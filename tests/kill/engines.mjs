// What can be killed: for each engine what it has to have set up for it, and how it is opened on a folder.

import path from "node:path";
import { root, run, withTools } from "../../scripts/toolchain.mjs";
import { newerNode } from "../packaging/environments.mjs";
import { browserEngine, pageEngine } from "./browsers.mjs";
import { nativeEngine, nodeEngine } from "./processes.mjs";
import { workerdEngine } from "./workerd.mjs";

export const ENGINES = {
  chromium: { needs: ["chromium"], open: (folder) => browserEngine("chromium", folder) },
  pages: { needs: ["chromium"], open: (folder) => pageEngine(folder) },
  firefox: { needs: ["firefox"], open: (folder) => browserEngine("firefox", folder) },
  node: { needs: ["environments"], open: (folder) => nodeEngine(newerNode, folder) },
  workerd: { needs: ["environments"], open: (folder) => workerdEngine(folder) },
  native: {
    needs: ["environments"],
    open(folder) {
      run("cargo", ["build", "--all-features", "--example", "killed"], { env: withTools() });
      const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
      return nativeEngine(path.join(target, "debug/examples/killed"), newerNode, folder);
    },
  },
};
