// The loader: what stands between the executor and a JavaScript function.
//
// It is evaluated when the runtime is built; every instance starts from the memory that
// this leaves. So whatever belongs to one instance happens in `load`, not at import.

import { getEnvironment } from "wasi:cli/environment@0.2.3";
import { flush } from "./console.js";
import "./globals.js";
import * as failures from "./failures.js";
import { Function } from "./function.js";
import { startInstance } from "./process.js";
import { errorOf } from "./syntax.js";
import { warmUp } from "./warm_up.js";

// Made by `load`.
let handler;

await warmUp();

/** Says whether the file at `path` can be compiled. */
export function check(path) {
  const error = errorOf(path);
  if (error) {
    throw { payload: error };
  }
}

/** Loads the handler, whose file has this source. */
export async function load(source) {
  try {
    startInstance(getEnvironment());
    handler = await Function.load(source);
  } catch (error) {
    throw { payload: failures.ofLoad(error) };
  } finally {
    flush();
  }
}

/** Calls the initializer. */
export async function initialize(requestId, remainingMs) {
  try {
    await handler.initialize(requestId, remainingMs);
  } catch (error) {
    throw { payload: failures.ofInitializer(error) };
  } finally {
    flush();
  }
}

/** Calls what is to run before the instance is stopped. */
export async function preStop(requestId, remainingMs) {
  try {
    await handler.preStop(requestId, remainingMs);
  } catch (error) {
    throw { payload: failures.ofPreStop(error) };
  } finally {
    flush();
  }
}

/** Calls the handler. */
export async function invoke(requestId, event, remainingMs) {
  try {
    return await handler.call(requestId, event, remainingMs);
  } catch (error) {
    throw { payload: failures.ofCall(error) };
  } finally {
    flush();
  }
}
