// Finds what keeps a file from being compiled, without running it.

import { LINES_BEFORE, compile } from "./compile.js";
import { read } from "./files.js";

/** The error in the file at `path` of the code; undefined if there is none. */
export function errorOf(path) {
  const source = read(path) ?? "";
  try {
    compile(path, source);
    return undefined;
  } catch (error) {
    return { ...place(error, source), message: `SyntaxError: ${message(error)}` };
  }
}

function message(error) {
  if (error.name === "InternalError") {
    return "the code is nested too deeply";
  }
  // The transformer's `Error transforming x.js: Unexpected token (1:2)`.
  return String(error.message).replace(/^Error transforming [^:]*: /, "").replace(/ \(\d+:\d+\)$/, "");
}

function place(error, source) {
  const lines = source.split("\n");
  const given = error.loc
    ? { line: error.loc.line, column: error.loc.column }
    : { line: error.lineNumber - LINES_BEFORE, column: error.columnNumber };
  if (!(given.line > 0 && given.column > 0)) {
    return { line: 0, column: 0 };
  }
  // An end that comes too early is found in what the engine puts after the source.
  return given.line > lines.length ? { line: lines.length, column: lines.at(-1).length + 1 } : given;
}
