// Turns what is thrown into what callers and the log get of it.

import { inspect } from "./inspect.js";

// Characters of a failure's texts: no more is told of it, however long they are.
const MESSAGE = 100_000;
const REPORT = 1_000_000;
const NAME = 1_000;
// Frames that are told of, the innermost ones.
const FRAMES = 1_000;

/** A failure with a text of its own. There is no stack worth showing. */
export class LoaderError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Why the handler could not be loaded. */
export function ofLoad(error) {
  return failure("function entry exception", error);
}

/** Why the initializer did not come to its end. */
export function ofInitializer(error) {
  return failure("function initialization exception", error);
}

/** Why what runs before a stop did not come to its end. */
export function ofPreStop(error) {
  return failure("function pre-stop exception", error);
}

/** Why a call of the handler gave no result. */
export function ofCall(error) {
  return failure("function invocation exception", error);
}

function failure(situation, error) {
  if (error instanceof LoaderError) {
    const { kind } = error;
    const message = error.message.slice(0, MESSAGE);
    return { message, kind, stackTrace: [], report: `${kind}: ${message}` };
  }
  const kind = guarded(() => kindOf(error).slice(0, NAME), "Error");
  return {
    message: `${situation}, error: ${guarded(() => messageOf(error).slice(0, MESSAGE), "the error cannot be turned into text")}`,
    kind,
    stackTrace: guarded(() => framesOf(error), []),
    report: guarded(() => (error instanceof Error ? inspect(error) : `Uncaught ${inspect(error)}`).slice(0, REPORT), kind),
  };
}

function kindOf(error) {
  if (error instanceof Error) {
    return String(error.name || "Error");
  }
  return error === null || typeof error !== "object" ? `${error === null ? null : typeof error}` : error.constructor.name;
}

function messageOf(error) {
  if (error instanceof Error) {
    return String(error.message);
  }
  return typeof error === "string" ? error : inspect(error);
}

function framesOf(error) {
  const lines = error instanceof Error ? String(error.stack).split("\n") : [];
  return lines.filter((line) => /^\s+at /.test(line)).slice(0, FRAMES).map((line) => line.trim().slice(0, NAME));
}

/** The user's own getters and proxies may throw. */
function guarded(make, otherwise) {
  try {
    return make();
  } catch {
    return otherwise;
  }
}
