// The modules of Node.js: a few are here, the others say why they are not.

import * as buffer from "buffer";
import path from "path-browserify";
import { format, inspect } from "./inspect.js";
import { process } from "./process.js";

const NETWORK = "has the global `fetch` of browsers instead";
const SOCKETS = "has no sockets: `fetch` reaches other hosts";
const PROCESSES = "has no processes or threads";
const FILES = "has no file system; `require` reads the code's own .js and .json files";

// Of the others only that they are not here is known to be true.
const REASONS = {
  fs: FILES,
  "fs/promises": FILES,
  http: NETWORK,
  https: NETWORK,
  http2: NETWORK,
  net: SOCKETS,
  tls: SOCKETS,
  dgram: SOCKETS,
  dns: SOCKETS,
  "dns/promises": SOCKETS,
  child_process: PROCESSES,
  cluster: PROCESSES,
  worker_threads: PROCESSES,
  crypto: "has the global `crypto` of browsers instead",
  stream: "has the global streams of browsers instead",
  zlib: "has the global CompressionStream of browsers instead",
};

const NODE =
  "assert assert/strict async_hooks console constants diagnostics_channel domain events inspector module os perf_hooks " +
  "punycode querystring readline readline/promises repl sqlite stream/promises stream/web string_decoder sys test " +
  "timers timers/promises trace_events tty util/types v8 vm wasi";

const missing = new Map([
  ...NODE.split(" ").map((name) => [name, "runs JavaScript without Node.js and does not have it"]),
  ...Object.entries(REASONS),
]);

const util = {
  format,
  inspect,
  promisify:
    (call) =>
    (...args) =>
      new Promise((resolve, reject) => {
        call(...args, (error, value) => (error ? reject(error) : resolve(value)));
      }),
  inherits: (constructor, parent) => Object.setPrototypeOf(constructor.prototype, parent.prototype),
  deprecate: (call) => call,
  TextDecoder,
  TextEncoder,
};

const here = {
  buffer,
  path,
  "path/posix": path,
  process,
  util,
  url: { URL, URLSearchParams },
};

/** The module of Node.js with this name; undefined if Node.js has none. */
export function builtin(specifier) {
  const name = specifier.replace(/^node:/, "");
  if (Object.hasOwn(here, name)) {
    return { exports: here[name] };
  }
  const reason = missing.get(name);
  if (reason || specifier !== name) {
    const error = new Error(
      `Cannot find module '${specifier}': Sluice's sandbox ${reason ?? "runs JavaScript without Node.js and does not have it"}`,
    );
    error.code = "MODULE_NOT_FOUND";
    throw error;
  }
  return undefined;
}
