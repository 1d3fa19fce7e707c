// What an instance would do first, done once, when the runtime is built: the engine
// compiles a function at its first call, and that work is in the memory that all start from.
//
// Nothing here may ask the executor for anything: it is not there yet.

import { compile } from "./compile.js";
import { Function } from "./function.js";
import { forget } from "./modules.js";
import { startInstance } from "./process.js";

const ENVIRONMENT = { RUNTIME_HANDLER: "index.handler", RUNTIME_USERDATA: "{}" };

const COMMON = `
exports.handler = async (event, context) => ({ statusCode: 200, body: JSON.stringify(event) });
`;

const MODULE = `
import path from "path";
export const handler = async (event, context) => ({ statusCode: 200 });
`;

export async function warmUp() {
  startInstance(Object.entries(ENVIRONMENT));
  await Function.load(new TextEncoder().encode(COMMON));
  compile("index.mjs", MODULE);
  forget();
}
