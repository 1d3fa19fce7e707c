// The languages that functions are written in, and how each is indented.

import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import { indentUnit } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";

/** A runtime's language; anything unknown is plain text. */
export function language(name: string): Extension {
  switch (name) {
    case "python":
      return [python(), indented(4)];
    case "javascript":
      return [javascript(), indented(2)];
    default:
      return indented(4);
  }
}

function indented(width: number): Extension {
  return [indentUnit.of(" ".repeat(width)), EditorState.tabSize.of(width)];
}
