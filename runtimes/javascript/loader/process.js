// As much of Node.js's `process` as a sandbox has.

import { LoaderError } from "./failures.js";
import { print, write } from "./log.js";
import { CODE, WORKING_DIRECTORY } from "./paths.js";

const { performance, queueMicrotask } = globalThis;

/** A stream whose whole lines go to the log. */
function stream(writeLine) {
  let unfinished = "";
  return {
    isTTY: false,
    writable: true,
    write(chunk) {
      const lines = (unfinished + (typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk))).split("\n");
      unfinished = lines.pop();
      if (lines.length) {
        writeLine(lines.join("\n"));
      }
      return true;
    },
    flush() {
      if (unfinished) {
        const rest = unfinished;
        unfinished = "";
        writeLine(rest);
      }
    },
  };
}

export const stdout = stream(print);
export const stderr = stream((line) => write("error", line));

const nothing = () => process;

export const process = {
  env: {},
  argv: ["javascript"],
  execArgv: [],
  // Not Node.js, and no version of it: what asks for one gets a clear answer.
  version: "",
  versions: {},
  platform: "wasi",
  arch: "wasm32",
  pid: 1,
  exitCode: undefined,
  title: "javascript",
  stdout,
  stderr,
  cwd: () => WORKING_DIRECTORY,
  uptime: () => performance.now() / 1000,
  hrtime: Object.assign(
    (since = [0, 0]) => {
      const now = process.hrtime.bigint() - (BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]));
      return [Number(now / 1_000_000_000n), Number(now % 1_000_000_000n)];
    },
    { bigint: () => BigInt(Math.round(performance.now() * 1e6)) },
  ),
  nextTick: (callback, ...args) => queueMicrotask(() => callback(...args)),
  exit: (code) => {
    throw new LoaderError(
      "ProcessExit",
      `function invocation exception, error: the function called process.exit(${code ?? ""})`,
    );
  },
  // Nothing that could be listened for ever happens here.
  on: nothing,
  once: nothing,
  off: nothing,
  addListener: nothing,
  removeListener: nothing,
  removeAllListeners: nothing,
  emit: () => false,
  listeners: () => [],
  listenerCount: () => 0,
  emitWarning: (warning) => write("warn", String(warning)),
};

let variables;

/** Once in each instance: what the memory that it starts from cannot know. */
export function startInstance(environment) {
  variables = Object.fromEntries(environment);
  // A copy: the user may change it.
  process.env = { ...variables };
  const { RUNTIME_HANDLER: handler } = variables;
  process.argv = ["javascript", `${CODE}/${handler.slice(0, handler.lastIndexOf("."))}.js`];
}

/** The environment of this instance, as it was given. */
export function environment() {
  return variables;
}
