// Makes a function of the source of a module, without running anything of it.

import { transform } from "sucrase";
import { scripts } from "./stack.js";

/** What a module is called with. */
const PARAMETERS = ["exports", "require", "module", "__filename", "__dirname", "importMeta"];

const AsyncFunction = (async () => {}).constructor;

/** Lines that the engine puts before the source when it makes a function of it. */
export const LINES_BEFORE = 2;

// What the engine says to a CommonJS file that is none. To ask it is cheaper than to look
// through every file for `import` and `export`, and it knows strings from statements.
const IS_MODULE = /^(import|export) declarations may only appear|^import\.meta may only appear/;
const AWAITS = /^await is only valid in/;
const USES_META = /^import\.meta may only appear/;
const IMPORTS_LATER = /\bimport\s*\(/;

/**
 * The module at `path` as a function of `exports, require, module, …`. It gives a promise
 * where the module waits at its top level.
 */
export function compile(path, source) {
  const hashbang = source.startsWith("#!") ? `//${source.slice(2)}` : source;
  if (!path.endsWith(".mjs") && !IMPORTS_LATER.test(hashbang)) {
    try {
      return make(path, globalThis.Function, hashbang);
    } catch (error) {
      const isModule = IS_MODULE.test(error.message) || AWAITS.test(error.message);
      if (path.endsWith(".cjs") || !isModule) {
        throw error;
      }
    }
  }
  return compileModule(path, hashbang);
}

/** The same for a file with `import` or `export`, which become `require` and `exports`. */
function compileModule(path, source) {
  const { code } = transform(source, { transforms: ["imports"], disableESTransforms: true });
  const strict = code.startsWith('"use strict";') ? code : `"use strict";${code}`;
  const attempt = (maker, text) => make(path, maker, text);
  const waits = (text) => orElse(() => attempt(globalThis.Function, text), AWAITS, () => attempt(AsyncFunction, text));
  return orElse(() => waits(strict), USES_META, () => waits(strict.replaceAll("import.meta", "importMeta")));
}

/** What `first` gives, or `second` where the engine refuses that with such a message. */
function orElse(first, refusal, second) {
  try {
    return first();
  } catch (error) {
    if (refusal.test(error.message)) {
      return second();
    }
    throw error;
  }
}

/**
 * The engine names what is compiled at run time after the line that asked for it, in
 * stacks too. So each file is compiled from a line of its own, which tells it from others.
 */
function make(path, maker, source) {
  const line = scripts.lineOf(path);
  const asker = (0, eval)(`${"\n".repeat(line - 1)}(maker, ...parts) => maker(...parts)`);
  return asker(maker, ...PARAMETERS, source);
}
