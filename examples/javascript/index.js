// Counts the words of the event's `text`.

import { write } from "sluice:function/logger@0.1.0";

/** Gets an event of JSON and returns JSON; what it throws is its failure. */
export function handle(event, requestId, remainingMs) {
  const { text } = JSON.parse(event);
  if (typeof text !== "string") throw "the event needs a text";
  write("info", `${remainingMs} ms are left`);
  console.log("counting");
  const words = text.split(/\s+/).filter(Boolean).length;
  return JSON.stringify({ words, request: requestId });
}
