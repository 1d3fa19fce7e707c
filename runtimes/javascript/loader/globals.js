// The global objects of a function, made once, when the runtime is built.

import { Buffer } from "buffer";
import { console } from "./console.js";
import { process } from "./process.js";
import { fetch } from "./requests.js";
import { install as installStacks } from "./stack.js";
import { globals as timers } from "./timers.js";

installStacks();

const global = {
  ...timers,
  Buffer,
  console,
  process,
  global: globalThis,
  fetch,
};
for (const [name, value] of Object.entries(global)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

// The engine's own would wait where no call sees it.
AbortSignal.timeout = (delay) => {
  const controller = new AbortController();
  timers.setTimeout(() => controller.abort(new DOMException("The operation timed out.", "TimeoutError")), delay);
  return controller.signal;
};
