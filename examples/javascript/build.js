// Builds index.wasm: `npm install`, then `npm run build`.

import { readFile, writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const { component } = await componentize(await readFile("index.js", "utf8"), {
  witPath: "../../runtimes/wit/component.wit",
  worldName: "component",
  // A function has no network; without these the component asks for less.
  disableFeatures: ["http", "fetch-event"],
});
await writeFile("index.wasm", component);
