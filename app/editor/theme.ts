// The editor's looks, from the page's custom properties only, so that a light and a dark
// theme differ in what these stand for and the editor need not know which one is shown:
//
//   --editor-background  --editor-text  --editor-gutter  --editor-gutter-text
//   --editor-selection  --editor-active-line  --editor-cursor
//   --editor-keyword  --editor-string  --editor-number  --editor-comment
//   --editor-function  --editor-type  --editor-error
//
// The font is the page's too: the element's own `font` reaches the text.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const looks = EditorView.theme({
  "&": {
    height: "100%",
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-background)",
  },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit", overflow: "auto" },
  ".cm-content": { caretColor: "var(--editor-cursor)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--editor-cursor)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { background: "var(--editor-selection)" },
  ".cm-activeLine": { backgroundColor: "var(--editor-active-line)" },
  ".cm-activeLineGutter": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-active-line)",
  },
  ".cm-gutters": {
    color: "var(--editor-gutter-text)",
    backgroundColor: "var(--editor-gutter)",
    border: "none",
  },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--editor-selection)" },
  ".cm-searchMatch-selected": {
    backgroundColor: "var(--editor-selection)",
    outline: "1px solid var(--editor-cursor)",
  },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--editor-selection)",
    outline: "1px solid var(--editor-gutter-text)",
  },
  "&.cm-focused .cm-nonmatchingBracket": {
    backgroundColor: "transparent",
    outline: "1px dotted var(--editor-keyword)",
  },
  ".cm-foldPlaceholder": {
    color: "var(--editor-gutter-text)",
    backgroundColor: "var(--editor-gutter)",
    borderColor: "var(--editor-gutter-text)",
  },
  ".cm-panels, .cm-tooltip": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-gutter)",
    borderColor: "var(--editor-gutter-text)",
  },
  ".cm-textfield": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-background)",
    borderColor: "var(--editor-gutter-text)",
  },
  ".cm-button": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-background)",
    backgroundImage: "none",
    borderColor: "var(--editor-gutter-text)",
  },
  // CodeMirror's own marks are data: images, which a strict Content-Security-Policy refuses.
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--editor-error)",
    textDecorationSkipInk: "none",
  },
  ".cm-lint-marker-error": {
    content: "normal",
    boxSizing: "border-box",
    border: "0.4em solid var(--editor-error)",
    borderRadius: "50%",
    inlineSize: "0.8em",
    blockSize: "0.8em",
    marginBlockStart: "0.3em",
  },
  ".cm-diagnostic-error": { borderLeftColor: "var(--editor-error)" },
  ".cm-panel.cm-panel-lint": {
    "& ul, & ul:focus": { paddingInlineEnd: "32px" },
    "& ul [aria-selected], & ul:focus [aria-selected]": {
      color: "var(--editor-text)",
      backgroundColor: "var(--editor-background)",
    },
    "& [name=close]": {
      insetBlockStart: "2px",
      insetInlineEnd: "4px",
      inlineSize: "24px",
      blockSize: "24px",
      color: "var(--editor-text)",
      fontSize: "18px",
      cursor: "pointer",
    },
  },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--editor-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--editor-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--editor-number)" },
  { tag: tags.comment, color: "var(--editor-comment)", fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: "var(--editor-function)",
  },
  {
    tag: [tags.typeName, tags.className, tags.namespace, tags.self],
    color: "var(--editor-type)",
  },
]);

/** How the editor looks. */
export const theme: Extension = [looks, syntaxHighlighting(colours)];
