// Timers, and the wait for a result.
//
// The engine's own timers end the instance when a callback throws, and do not tell
// whether any is left. These run while a call is in flight, on one timer of the engine.

import { isConnected } from "./requests.js";

const { setTimeout: wake, clearTimeout: unwake, performance } = globalThis;

/** How often nothing may happen before a result is given up, about a millisecond each: what
 * the engine still does by itself, such as streams, goes on between two turns. */
const IDLE_TURNS = 20;

/** How often it is looked whether a connection is still open: what comes wakes the engine by
 * itself. */
const CONNECTED_TURN_MS = 20;

/** Steps of promises before the engine is asked for a timer; an `async` handler that waits for
 * nothing takes three. */
const FIRST_STEPS = 8;

const waiting = new Map();
let lastId = 0;

/** What `setTimeout` gives; its methods are those of Node.js. */
class Timeout {
  constructor(callback, delay, repeat, args) {
    this.id = ++lastId;
    this.callback = callback;
    this.delay = Math.min(Math.max(Number(delay) || 0, repeat ? 1 : 0), 0x7fffffff);
    this.repeat = repeat;
    this.args = args;
    this.holds = true;
    this.refresh();
  }

  refresh() {
    // Behind those with the same time that are there already.
    waiting.delete(this.id);
    waiting.set(this.id, this);
    this.due = performance.now() + this.delay;
    return this;
  }

  ref() {
    this.holds = true;
    return this;
  }

  unref() {
    this.holds = false;
    return this;
  }

  hasRef() {
    return this.holds;
  }

  close() {
    waiting.delete(this.id);
    return this;
  }

  [Symbol.toPrimitive]() {
    return this.id;
  }
}

function start(callback, delay, repeat, args) {
  if (typeof callback !== "function") {
    throw new TypeError("The callback of a timer must be a function");
  }
  return new Timeout(callback, delay, repeat, args);
}

function clear(timer) {
  waiting.delete(timer instanceof Timeout ? timer.id : Number(timer));
}

/** The global functions. */
export const globals = {
  setTimeout: (callback, delay, ...args) => start(callback, delay, false, args),
  setInterval: (callback, delay, ...args) => start(callback, delay, true, args),
  setImmediate: (callback, ...args) => start(callback, 0, false, args),
  clearTimeout: clear,
  clearInterval: clear,
  clearImmediate: clear,
};

/** The timer that is due first of those that count. */
function next() {
  let first;
  for (const timer of waiting.values()) {
    if (!first || timer.due < first.due) {
      first = timer;
    }
  }
  return first;
}

/**
 * What `begin` resolves, or an error: what it rejects, what a timer throws, or that
 * nothing is left that could give a result.
 */
export function settled(begin) {
  return new Promise((resolve, reject) => {
    let turnTimer;
    let over = false;
    let idleTurns = 0;
    let idleResult;
    const end = (settle) => (value) => {
      over = true;
      unwake(turnTimer);
      settle(value);
    };
    const succeed = end(resolve);
    const fail = end(reject);
    // A promise that the function made itself is waited for; the first result wins.
    const first = new Promise((resolveFirst, rejectFirst) => {
      begin(resolveFirst, rejectFirst, (value) => {
        idleResult = { value };
      });
    });
    first.then(succeed, fail);

    const turn = () => {
      const timer = next();
      if (timer && timer.due <= performance.now()) {
        idleTurns = 0;
        run(timer);
      } else if (isConnected()) {
        idleTurns = 0;
      } else if (![...waiting.values()].some((one) => one.holds)) {
        idleTurns += 1;
      }
      if (!over) {
        arm();
      }
    };
    const run = (timer) => {
      if (timer.repeat) {
        timer.refresh();
      } else {
        waiting.delete(timer.id);
      }
      try {
        timer.callback(...timer.args);
      } catch (error) {
        fail(error);
      }
    };
    const arm = () => {
      if (idleTurns < IDLE_TURNS) {
        const timer = idleTurns > 0 ? undefined : next();
        // Rounded up: a timer must not be early.
        const due = timer ? Math.ceil(timer.due - performance.now()) : Infinity;
        turnTimer = wake(turn, Math.min(due, isConnected() ? CONNECTED_TURN_MS : timer ? due : 0));
      } else if (idleResult) {
        succeed(idleResult.value);
      } else {
        fail(new Error("the handler waits for something that can never happen"));
      }
    };
    // Most results are there after a few steps of promises, without any timer.
    const step = (left) => (over ? undefined : left > 0 ? Promise.resolve(left - 1).then(step) : arm());
    step(FIRST_STEPS);
  });
}
