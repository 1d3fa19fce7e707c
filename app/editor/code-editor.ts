// <code-editor>: CodeMirror as one element that knows nothing of the console.
//
//   <code-editor label="Source code of hello" language="python">
//     <pre>def handler(event, context): …</pre>
//   </code-editor>
//
// The <pre> (or <textarea>) is what a page shows without JavaScript. Its text becomes the
// editor's first value and the editor takes its place. The editor stands beside it in the
// light DOM: labels, descriptions and the page's style sheet reach it like anything else.
//
// Properties: `value`, `language` ("python" or "javascript"), `readonly`, `diagnostics`,
// `nonce`. Attributes: `label` (its name for screen readers), `language`, `readonly`,
// `diagnostics`, `nonce`. Events: `input` after each edit by the user; `save` on Ctrl+S or
// Cmd+S; `deploy` on Ctrl+Enter or Cmd+Enter.
//
// Colours are the page's: see theme.ts for the custom properties that it defines.
//
// A Content-Security-Policy without 'unsafe-inline' has to know the style sheet that
// CodeMirror adds: give the element the policy's nonce, either as an attribute in the
// server's HTML or as a property. (Browsers hide the attribute from scripts once the
// element is in the page, so it is read from the property `nonce`.) When the element is
// made in the browser, after a change of page, it takes the nonce of the page's scripts.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { type Diagnostic, place, read } from "./diagnostics.ts";
import { language } from "./languages.ts";
import { theme } from "./theme.ts";
