// The `console`: `log` prints as it is, the others write with their level.

import { format, inspect } from "./inspect.js";
import { write } from "./log.js";
import { stderr, stdout } from "./process.js";

const { performance } = globalThis;

let indentation = "";
const counts = new Map();
const times = new Map();

function indented(text) {
  return indentation ? indentation + text.replaceAll("\n", `\n${indentation}`) : text;
}

function print(text) {
  stdout.write(`${indented(text)}\n`);
}

function level(name) {
  return (...args) => {
    // What was printed before stands before.
    flush();
    write(name, indented(format(...args)));
  };
}

/** Writes what stands in an unfinished line. */
export function flush() {
  stdout.flush();
  stderr.flush();
}

function elapsed(label) {
  const begun = times.get(label);
  return begun === undefined ? undefined : `${label}: ${(performance.now() - begun).toFixed(3)}ms`;
}

const warn = level("warn");
const error = level("error");

export const console = {
  log: (...args) => print(format(...args)),
  debug: level("debug"),
  info: level("info"),
  warn,
  error,
  trace: (...args) => {
    const at = { name: "Trace", message: format(...args) };
    Error.captureStackTrace(at, console.trace);
    error(at.stack);
  },
  dir: (value, options) => print(inspect(value, options)),
  dirxml: (...args) => print(format(...args)),
  table: (value) => print(inspect(value)),
  assert: (condition, ...args) => {
    if (!condition) {
      error(args.length ? `Assertion failed: ${format(...args)}` : "Assertion failed");
    }
  },
  group: (...args) => {
    if (args.length) {
      print(format(...args));
    }
    indentation += "  ";
  },
  groupEnd: () => {
    indentation = indentation.slice(2);
  },
  count: (label = "default") => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    print(`${label}: ${counts.get(label)}`);
  },
  countReset: (label = "default") => counts.delete(label),
  time: (label = "default") => times.set(label, performance.now()),
  timeLog: (label = "default", ...args) => print([elapsed(label) ?? `No such label '${label}'`, ...args.map((one) => format(one))].join(" ")),
  timeEnd: (label = "default") => {
    print(elapsed(label) ?? `No such label '${label}'`);
    times.delete(label);
  },
};
console.groupCollapsed = console.group;
