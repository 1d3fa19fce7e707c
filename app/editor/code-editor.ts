// <code-editor>: CodeMirror as one element that knows nothing of the console.
//
//   <code-editor label="Source code of hello" language="python">
//     <pre>def handler(event, context): …</pre>
//   </code-editor>
//
// The <pre> (or <textarea>) is what a page shows without JavaScript. Its text becomes the
// first value. The editor lives in a shadow root, which hides these children without
// touching them: a page that hydrates finds them as the server wrote them. A <textarea>
// follows the edits, so that a form around it sends what the editor shows.
//
// Properties: `value`, `language` ("python" or "javascript"), `readonly`, `diagnostics`
// (an array of {line, column, message}, or its JSON). All but `value` are attributes too,
// and so is `label`, the editor's name for screen readers.
// Events: `input` after each edit by the user; `save` on Ctrl+S or Cmd+S; `deploy` on
// Ctrl+Enter or Cmd+Enter. They bubble.
//
// Colours are the page's: theme.ts lists the custom properties. The element's font reaches
// the text, and its height the editor.
//
// No nonce is needed for a Content-Security-Policy without 'unsafe-inline': CodeMirror adds
// its style sheet to a shadow root by script (`adoptedStyleSheets`), which no policy forbids.

import {
  Annotation,
  Compartment,
  EditorState,
  type Extension,
  type TransactionSpec,
} from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { type Diagnostic, read, show } from "./diagnostics.ts";
import { editing } from "./editing.ts";
import { language } from "./languages.ts";
import { theme } from "./theme.ts";

/** Marks changes that come from the page: it knows of them, so no `input` is due. */
const fromPage = Annotation.define<boolean>();

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; font-family: monospace; }
  :host([hidden]) { display: none; }
  .hint { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
`);

class CodeEditor extends HTMLElement {
  static observedAttributes = ["label", "language", "readonly", "diagnostics"];

  #language = new Compartment();
  #readonly = new Compartment();
  #label = new Compartment();
  #state: EditorState | undefined;
  #view: EditorView | undefined;
  #diagnostics: Diagnostic[] = [];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    const hint = document.createElement("p");
    hint.id = "hint";
    hint.className = "hint";
    hint.textContent =
      "Tab indents. To leave the editor by keyboard, press Escape, then Tab. " +
      "Control or Command with S saves, with Enter deploys, with F finds.";
    root.append(hint);
    // Typing fires this before CodeMirror has read the change, and the find panel fires
    // it too: only the one that is sent below says that `value` has changed.
    root.addEventListener("input", (event) => event.stopPropagation());
  }

  connectedCallback() {
    this.#takeEarlyProperties();
    this.#state ??= this.#firstState();
    this.#view = new EditorView({ state: this.#state, parent: this.shadowRoot! });
    if (this.#diagnostics.length > 0) show(this.#view, this.#diagnostics);
  }

  disconnectedCallback() {
    // The view listens to the document; the state may be shown again elsewhere.
    this.#state = this.#view?.state;
    this.#view?.destroy();
    this.#view = undefined;
  }

  attributeChangedCallback(name: string, _old: string | null, value: string | null) {
    if (name === "language") this.#reconfigure(this.#language, language(this.language));
    if (name === "readonly") this.#reconfigure(this.#readonly, readonly(this.readonly));
    if (name === "label") this.#reconfigure(this.#label, labelled(value));
    if (name === "diagnostics") this.diagnostics = value;
  }

  /** The whole text. */
  get value(): string {
    return this.#current?.doc.toString() ?? this.#fallbackText();
  }

  set value(value: string) {
    const text = (value ?? "").replace(/\r\n?/g, "\n");
    this.#state ??= this.#firstState();
    if (text === this.value) return;
    const changes = { from: 0, to: this.#current!.doc.length, insert: text };
    this.#dispatch({ changes, annotations: fromPage.of(true) });
    this.#fillTextarea();
  }

  /** The language that colours and indentation follow. */
  get language(): string {
    return this.getAttribute("language") ?? "";
  }

  set language(name: string) {
    this.setAttribute("language", name);
  }

  /** Whether the text may only be read, selected and searched. */
  get readonly(): boolean {
    return this.hasAttribute("readonly");
  }

  set readonly(on: boolean) {
    this.toggleAttribute("readonly", on);
  }

  /** What is wrong with the text; the cursor goes to the first of them. */
  get diagnostics(): Diagnostic[] {
    return this.#diagnostics;
  }

  set diagnostics(given: Diagnostic[] | string | null) {
    const list = read(given);
    // A page that hydrates sets again what its HTML said: the cursor stays where it is.
    if (JSON.stringify(list) === JSON.stringify(this.#diagnostics)) return;
    this.#diagnostics = list;
    if (!this.#view) return;
    show(this.#view, list);
    if (list.length > 0) this.focus();
  }

  override focus() {
    this.#view?.focus();
  }

  get #current(): EditorState | undefined {
    return this.#view?.state ?? this.#state;
  }

  #firstState(): EditorState {
    return EditorState.create({
      doc: this.#fallbackText(),
      extensions: [
        // Before the rest, whose Ctrl+Enter inserts a line.
        keymap.of([
          { key: "Mod-s", run: () => this.#send("save"), preventDefault: true },
          { key: "Mod-Enter", run: () => this.#send("deploy"), preventDefault: true },
        ]),
        editing,
        theme,
        this.#language.of(language(this.language)),
        this.#readonly.of(readonly(this.readonly)),
        this.#label.of(labelled(this.getAttribute("label"))),
        EditorView.updateListener.of(({ docChanged, transactions }) => {
          if (docChanged && !transactions.some((each) => each.annotation(fromPage))) {
            this.#fillTextarea();
            this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
          }
        }),
      ],
    });
  }

  #dispatch(change: TransactionSpec) {
    if (this.#view) this.#view.dispatch(change);
    else this.#state = this.#state?.update(change).state;
  }

  #reconfigure(part: Compartment, extension: Extension) {
    this.#dispatch({ effects: part.reconfigure(extension) });
  }

  #send(name: string): boolean {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true }));
    return true;
  }

  #fallbackText(): string {
    const fallback = this.querySelector("textarea, pre");
    // As the server wrote it: a browser may have restored what was typed before a reload.
    if (fallback instanceof HTMLTextAreaElement) return fallback.defaultValue;
    return fallback?.textContent ?? "";
  }

  #fillTextarea() {
    const fallback = this.querySelector("textarea");
    if (fallback) fallback.value = this.value;
  }

  /** What a page set before this class was defined hides the accessors: set it again. */
  #takeEarlyProperties() {
    for (const name of ["value", "language", "readonly", "diagnostics"] as const) {
      if (Object.hasOwn(this, name)) {
        const early = this[name];
        delete (this as Partial<this>)[name];
        Object.assign(this, { [name]: early });
      }
    }
  }
}

function readonly(on: boolean): Extension {
  return EditorState.readOnly.of(on);
}

function labelled(label: string | null): Extension {
  return EditorView.contentAttributes.of({
    "aria-label": label ?? "Code",
    "aria-describedby": "hint",
  });
}

customElements.define("code-editor", CodeEditor);
