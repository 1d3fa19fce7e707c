// One function: its handler is found once, then called for each event.

import { Context, Settings } from "./context.js";
import { LoaderError } from "./failures.js";
import { text } from "./files.js";
import { findMain, runMain } from "./modules.js";
import { settled } from "./timers.js";

const { parse, stringify } = JSON;

/** A handler and the settings its context tells of. */
export class Function {
  #handler;
  #settings;

  constructor(handler, settings) {
    this.#handler = handler;
    this.#settings = settings;
  }

  /** Runs the file of the handler, whose source is given if it is a `.js` file. */
  static async load(source) {
    const settings = new Settings();
    const main = findMain(settings.file, source && text(source));
    if (!main) {
      throw new LoaderError(
        "FunctionLoadError",
        `function entry exception, error: not found module '${settings.file}'`,
      );
    }
    const loading = runMain(main);
    const exports = loading instanceof Promise ? await settled((resolve) => resolve(loading)) : loading;
    const handler = find(exports, settings.name);
    if (typeof handler !== "function") {
      throw new LoaderError(
        "FunctionConfigError",
        `handler '${settings.name}' not found in module '${settings.file}'`,
      );
    }
    if (handler.length > 3) {
      throw new LoaderError(
        "FunctionConfigError",
        `handler expect to have 2 or 3 parameters, but received ${handler.length}`,
      );
    }
    return new Function(handler, settings);
  }

  /** Calls the handler; events and results are JSON texts. */
  async call(requestId, event, remainingMs) {
    const context = new Context(this.#settings, requestId, remainingMs);
    const result = await settled((resolve, reject, whenIdle) => {
      const callback = (error, value) => (error == null ? resolve(value) : reject(error));
      const returned = this.#handler(parse(event), context, callback);
      if (isThenable(returned)) {
        resolve(returned);
      } else if (this.#handler.length < 3) {
        resolve(returned);
      } else if (returned !== undefined) {
        // An arrow function returns what happens to stand in it, such as a timer: this
        // counts only when nothing is left that could call back.
        whenIdle(returned);
      }
    });
    return encode(result);
  }
}

/** The handler of this name: exported by itself, in the default export, or as that. */
function find(exports, name) {
  const byDefault = exports?.__esModule ? exports.default : undefined;
  return exports?.[name] ?? (typeof byDefault === "function" ? byDefault : byDefault?.[name]);
}

function isThenable(value) {
  return typeof value?.then === "function";
}

function encode(result) {
  if (result === undefined) {
    return "null";
  }
  let text;
  let reason;
  try {
    text = stringify(result);
    reason = `a ${typeof result} is not JSON`;
  } catch (error) {
    reason = error?.message ?? error;
  }
  if (text === undefined) {
    throw new LoaderError("FunctionResultError", `function result is invalid, error: ${reason}`);
  }
  return text;
}
