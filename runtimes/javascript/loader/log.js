// The way to the log of a call.

import { write as hostWrite } from "sluice:function/logger@0.1.0";
import { print as hostPrint } from "sluice:javascript/output@0.1.0";

// One more than the log of a call may have, in characters: what is longer need not be brought
// there to be refused.
const MOST = 4 * 1024 * 1024 + 1;

const { slice } = String.prototype;
const beginning = Function.prototype.call.bind(slice);

/** Prints whole lines. */
export function print(lines) {
  hostPrint(beginning(lines, 0, MOST));
}

/** Adds a message of the logger. */
export function write(level, message) {
  hostWrite(level, beginning(message, 0, MOST));
}
