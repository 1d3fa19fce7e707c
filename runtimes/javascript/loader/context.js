// The `context` that a handler gets, with the method names of the platform.

import { format } from "./inspect.js";
import { write } from "./log.js";
import { environment } from "./process.js";

const { performance } = globalThis;

/** `file.function` in its two parts. */
function parts(handler) {
  const dot = handler.lastIndexOf(".");
  return { file: handler.slice(0, dot), name: handler.slice(dot + 1) };
}

/** What a context tells of its function; the same for all calls of an instance. */
export class Settings {
  constructor() {
    const env = environment();
    const { file, name } = parts(env.RUNTIME_HANDLER);
    this.file = file;
    this.name = name;
    this.initializer = parts(env.RUNTIME_INITIALIZER_HANDLER ?? "");
    this.preStop = parts(env.RUNTIME_PRE_STOP_HANDLER ?? "");
    this.functionName = env.RUNTIME_FUNC_NAME;
    this.version = env.RUNTIME_FUNC_VERSION;
    this.package = env.RUNTIME_PACKAGE;
    this.projectId = env.RUNTIME_PROJECT_ID;
    this.timeout = Number(env.RUNTIME_TIMEOUT);
    this.memory = Number(env.RUNTIME_MEMORY);
    this.cpu = Number(env.RUNTIME_CPU);
    this.resultBytes = Number(env.RUNTIME_MAX_RESP_BODY_SIZE);
    this.userData = new Map(Object.entries(JSON.parse(env.RUNTIME_USERDATA)));
  }
}

/** Writes lines with a level. Arguments after the message are put in as `console.log` does. */
const LOGGER = Object.freeze({
  debug: (...args) => write("debug", format(...args)),
  info: (...args) => write("info", format(...args)),
  warn: (...args) => write("warn", format(...args)),
  error: (...args) => write("error", format(...args)),
});

/** What a handler can ask about its call. */
export class Context {
  #settings;
  #requestId;
  #deadline;

  constructor(settings, requestId, remainingMs) {
    this.#settings = settings;
    this.#requestId = requestId;
    this.#deadline = performance.now() + Number(remainingMs);
  }

  /** The id of this invocation, as in the log. */
  getRequestID() {
    return this.#requestId;
  }

  /** Milliseconds until the execution timeout ends this call. */
  getRemainingTimeInMilliSeconds() {
    return Math.max(0, Math.floor(this.#deadline - performance.now()));
  }

  /** The execution timeout. */
  getRunningTimeInSeconds() {
    return this.#settings.timeout;
  }

  getFunctionName() {
    return this.#settings.functionName;
  }

  getVersion() {
    return this.#settings.version;
  }

  /** Empty: the call names no alias. */
  getAlias() {
    return "";
  }

  /** Megabytes of an instance. */
  getMemorySize() {
    return this.#settings.memory;
  }

  /** Thousandths of a core that belong to the memory. */
  getCPUNumber() {
    return this.#settings.cpu;
  }

  getProjectID() {
    return this.#settings.projectId;
  }

  /** The app that the function belongs to. */
  getPackage() {
    return this.#settings.package;
  }

  /** The value of an environment variable of the function. */
  getUserData(key, otherwise = null) {
    return this.#settings.userData.get(key) ?? otherwise;
  }

  /** The logger of this function. */
  getLogger() {
    return LOGGER;
  }

  // There is no agency, whose keys these would be.
  getToken() {
    return "";
  }

  getAccessKey() {
    return "";
  }

  getSecretKey() {
    return "";
  }

  getSecurityAccessKey() {
    return "";
  }

  getSecuritySecretKey() {
    return "";
  }

  getSecurityToken() {
    return "";
  }
}
