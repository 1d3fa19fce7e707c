// What the build of a function has to say about its source.

import { type Diagnostic as Mark, closeLintPanel, openLintPanel, setDiagnostics } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";

/** A message about one place in the source. Lines and columns count from 1. */
export interface Diagnostic {
  line: number;
  column: number;
  message: string;
}

/** Reads diagnostics from an array or its JSON; nothing, or nonsense, is none. */
export function read(given: unknown): Diagnostic[] {
  let list = given;
  if (typeof given === "string") {
    try {
      list = JSON.parse(given);
    } catch {
      list = [];
    }
  }
  return Array.isArray(list) ? list.filter(isDiagnostic) : [];
}

/** Underlines the places, lists the messages below, and moves the cursor to the first. */
export function show(view: EditorView, list: Diagnostic[]) {
  const marks = list.map((each) => place(view.state.doc, each));
  view.dispatch(setDiagnostics(view.state, marks));
  const [first] = marks;
  if (first) {
    // The panel takes the focus when it opens, and the page would scroll down to it.
    const { scrollX, scrollY } = window;
    openLintPanel(view);
    window.scrollTo(scrollX, scrollY);
    view.dispatch({ selection: { anchor: first.from }, scrollIntoView: true });
  } else {
    closeLintPanel(view);
  }
}

/** Where to underline: from the column to the end of the word, or at least one character. */
function place(text: Text, { line, column, message }: Diagnostic): Mark {
  // The text may be shorter than the one that was built.
  const { from, to, text: content } = text.line(clamp(line, 1, text.lines));
  const start = clamp(from + column - 1, from, to);
  const word = /^[\p{L}\p{N}_]+/u.exec(content.slice(start - from));
  const end = Math.min(to, start + Math.max(1, word?.[0].length ?? 0));
  // At the end of a line nothing is left to underline, so its last character is.
  return { from: start === end ? Math.max(from, start - 1) : start, to: end, severity: "error", message };
}

function isDiagnostic(value: unknown): value is Diagnostic {
  const { line, column, message } = (value ?? {}) as Record<string, unknown>;
  return Number.isInteger(line) && Number.isInteger(column) && typeof message === "string";
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
