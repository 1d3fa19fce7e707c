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
  #exports;
  #settings;

  constructor(handler, exports, settings) {
    this.#handler = handler;
    this.#exports = exports;
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
    return new Function(handler, exports, settings);
  }

  /** Calls the initializer. */
  initialize(requestId, remainingMs) {
    return this.#run("initializer", this.#settings.initializer, requestId, remainingMs);
  }

  /** Calls what is to run before the instance is stopped. */
  preStop(requestId, remainingMs) {
    return this.#run("pre-stop", this.#settings.preStop, requestId, remainingMs);
  }

  /** Calls a function that stands in the file of the handler. */
  async #run(what, { file, name }, requestId, remainingMs) {
    const ofHandler = this.#settings.file;
    if (file !== ofHandler) {
      throw new LoaderError(
        "FunctionConfigError",
        `${what} '${file}.${name}' must be in the file of the handler, '${ofHandler}'`,
      );
    }
    const called = find(this.#exports, name);
    if (typeof called !== "function") {
      throw new LoaderError("FunctionConfigError", `${what} '${name}' not found in module '${file}'`);
    }
    await answer(called, new Context(this.#settings, requestId, remainingMs));
  }

  /** Calls the handler; events and results are JSON texts. */
  async call(requestId, event, remainingMs) {
    const context = new Context(this.#settings, requestId, remainingMs);
    const result = await answer(this.#handler, parse(event), context);
    return encode(result, this.#settings.resultBytes);
  }
}

/**
 * What a function of the user's answers: by what it returns, by a promise, or by the callback
 * that it is given last.
 */
function answer(called, ...args) {
  return settled((resolve, reject, whenIdle) => {
    const callback = (error, value) => (error == null ? resolve(value) : reject(error));
    const returned = called(...args, callback);
    if (isThenable(returned)) {
      resolve(returned);
    } else if (called.length <= args.length) {
      resolve(returned);
    } else if (returned !== undefined) {
      // An arrow function returns what happens to stand in it, such as a timer: this
      // counts only when nothing is left that could call back.
      whenIdle(returned);
    }
  });
}

/** The handler of this name: exported by itself, in the default export, or as that. */
function find(exports, name) {
  const byDefault = exports?.__esModule ? exports.default : undefined;
  return exports?.[name] ?? (typeof byDefault === "function" ? byDefault : byDefault?.[name]);
}

function isThenable(value) {
  return typeof value?.then === "function";
}

function encode(result, limit) {
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
  // The executor counts the bytes, of which there are as many as characters at least.
  if (text.length > limit) {
    const size = new TextEncoder().encode(text).length;
    throw new LoaderError("FunctionResultError", `response body size ${size} exceeds the limit of ${limit}`);
  }
  return text;
}
