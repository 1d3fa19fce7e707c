// Stacks as JavaScript developers know them: `at name (file:line:column)`, with the
// user's own files and without the loader.

import { CODE } from "./paths.js";
import { LINES_BEFORE } from "./compile.js";

/** The files that were compiled; their places are the lines they were compiled from. */
export const scripts = {
  paths: [],

  lineOf(path) {
    const known = this.paths.indexOf(path);
    return known >= 0 ? known + 1 : this.paths.push(path);
  },
};

// `name@loader.js line 17 > eval line 3 > Function:5:9`, where 3 stands for the file. What
// the user compiles at run time goes on with `line 7 > eval:1:2`; it counts as line 7.
const FRAME = /^(.*?)@[^@]* line \d+ > eval line (\d+) > \w*Function(?: line (\d+) > .*)?:(\d+):(\d+)$/;

/** The frames of the user in a stack of the engine, innermost first. */
export function frames(raw) {
  return raw.split("\n").map(frame).filter(Boolean);
}

function frame(line) {
  const [, name, script, evalLine, ownLine, column] = FRAME.exec(line) ?? [];
  const path = scripts.paths[script - 1];
  if (path === undefined) {
    return undefined;
  }
  const place = evalLine
    ? `${CODE}/${path}:${evalLine - LINES_BEFORE}`
    : `${CODE}/${path}:${ownLine - LINES_BEFORE}:${column}`;
  const readable = readableName(name);
  return readable ? `at ${readable} (${place})` : `at ${place}`;
}

/** The engine's `async*anonymous/exports.handler` is `async exports.handler`. */
function readableName(name) {
  const [, later, path] = /^(async\*|promise callback\*|\w+\*)?(.*)$/.exec(name);
  const own = path.split("/").pop();
  if (own === "" || own === "anonymous" || own.endsWith("<")) {
    return "";
  }
  return later === "async*" ? `async ${own}` : own;
}

/** Makes all errors tell their stack in this form. */
export function install() {
  const { get, set } = Object.getOwnPropertyDescriptor(Error.prototype, "stack");
  Object.defineProperty(Error.prototype, "stack", {
    configurable: true,
    get() {
      const raw = get.call(this);
      return typeof raw === "string" ? readable(this, raw) : raw;
    },
    set,
  });
  const capture = Error.captureStackTrace;
  Error.captureStackTrace = function captureStackTrace(target, upTo) {
    capture(target, upTo);
    const stack = Object.getOwnPropertyDescriptor(target, "stack");
    const raw = stack?.get ? stack.get.call(target) : stack?.value;
    if (typeof raw === "string") {
      Object.defineProperty(target, "stack", {
        configurable: true,
        writable: true,
        value: readable(target, raw),
      });
    }
  };
}

function readable(error, raw) {
  let title;
  try {
    title = Error.prototype.toString.call(error);
  } catch {
    title = "Error"; // a name or message that cannot be read
  }
  return [title, ...frames(raw).map((one) => `    ${one}`)].join("\n");
}
