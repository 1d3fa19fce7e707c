// `require`, and with it `import`, of the files of the code.

import { builtin } from "./builtins.js";
import { compile } from "./compile.js";
import { read } from "./files.js";
import { CODE } from "./paths.js";

// By path inside the package.
const modules = new Map();

/** What a path may lack at its end. */
const ENDINGS = ["", ".js", ".json", ".mjs", ".cjs"];

/** The file of a handler, whose source is known if it is a `.js` file. */
export function findMain(file, source) {
  if (source !== undefined) {
    return { path: `${file}.js`, source };
  }
  return firstOf([`${file}.mjs`, `${file}.cjs`]);
}

/** Runs the file of the handler; gives its exports, or a promise of them. */
export function runMain(found) {
  const module = add(found.path);
  const waits = run(module, found.source);
  return waits instanceof Promise ? waits.then(() => module.exports) : module.exports;
}

/** Forgets all modules. */
export function forget() {
  modules.clear();
}

function requireFrom(importer, specifier) {
  if (typeof specifier !== "string" || specifier === "") {
    throw new TypeError(`require needs the name of a module, not ${String(specifier)}`);
  }
  const own = builtin(specifier);
  if (own) {
    return own.exports;
  }
  const found = resolve(importer, specifier);
  const known = modules.get(found.path);
  if (known) {
    return known.exports;
  }
  const module = add(found.path);
  try {
    const waits = found.path.endsWith(".json") ? parse(module, found.source) : run(module, found.source);
    if (waits instanceof Promise) {
      throw new SyntaxError(`${CODE}/${found.path}: await at the top level works in the file of the handler only`);
    }
  } catch (error) {
    // So that the next attempt finds the same error, and not half a module.
    modules.delete(found.path);
    throw error;
  }
  return module.exports;
}

function add(path) {
  const filename = `${CODE}/${path}`;
  const module = { id: filename, path: folderOf(filename), filename, exports: {}, loaded: false };
  modules.set(path, module);
  return module;
}

function parse(module, source) {
  try {
    module.exports = JSON.parse(source);
  } catch (error) {
    throw new SyntaxError(`${module.filename}: ${error.message}`);
  }
  module.loaded = true;
}

function run(module, source) {
  const path = module.filename.slice(CODE.length + 1);
  const require = (specifier) => requireFrom(path, specifier);
  require.resolve = (specifier) => (builtin(specifier) ? specifier : `${CODE}/${resolve(path, specifier).path}`);
  require.cache = {};
  require.main = modules.values().next().value;
  module.require = require;
  const meta = { url: `file://${module.filename}`, filename: module.filename, dirname: module.path };
  const body = compiled(path, source);
  const waits = body.call(module.exports, module.exports, require, module, module.filename, module.path, meta);
  module.loaded = true;
  return waits;
}

/** Says in the error which file it is that cannot be compiled. */
function compiled(path, source) {
  try {
    return compile(path, source);
  } catch (error) {
    throw new SyntaxError(`${CODE}/${path}: ${error.message}`);
  }
}

/** The file that a specifier means, with its source. */
function resolve(importer, specifier) {
  const found = /^\.{0,2}\//.test(specifier) || /^\.{1,2}$/.test(specifier)
    ? fileOrFolder(joined(importer, specifier))
    : installed(importer, specifier);
  if (!found) {
    const error = new Error(`Cannot find module '${specifier}'\nRequire stack:\n- ${CODE}/${importer}`);
    error.code = "MODULE_NOT_FOUND";
    throw error;
  }
  return found;
}

/** A package in a folder `node_modules` beside the importer or above it. */
function installed(importer, specifier) {
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) {
    return undefined;
  }
  for (let folder = folderOf(importer); ; folder = folderOf(folder)) {
    const home = `${folder ? `${folder}/` : ""}node_modules/${name}`;
    const found = fileOrFolder(rest ? home + rest : home);
    if (found || folder === "") {
      return found;
    }
  }
}

function fileOrFolder(path) {
  const known = modules.get(path);
  if (known) {
    return { path };
  }
  return (path && firstOf(ENDINGS.map((ending) => path + ending))) || folderMain(path);
}

function folderMain(folder) {
  const inside = (name) => joined(`${folder}${folder && "/"}x`, `./${name}`);
  const description = read(inside("package.json"));
  const main = description === undefined ? undefined : mainOf(description);
  return (
    (main && firstOf([...ENDINGS, "/index.js"].map((ending) => inside(main) + ending))) ||
    firstOf(["index.js", "index.json", "index.mjs", "index.cjs"].map(inside))
  );
}

function mainOf(description) {
  try {
    const { main, exports } = JSON.parse(description);
    return condition(exports?.["."] ?? exports) ?? main;
  } catch {
    return undefined;
  }
}

function condition(exports) {
  if (exports === null || typeof exports !== "object") {
    return exports;
  }
  return condition(exports.require ?? exports.default ?? exports.import);
}

function firstOf(paths) {
  for (const path of paths) {
    const source = read(path);
    if (source !== undefined) {
      return { path, source };
    }
  }
  return undefined;
}

function folderOf(path) {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The path inside the package that `specifier` means in the file `importer`. */
function joined(importer, specifier) {
  const inside = specifier.startsWith(`${CODE}/`) ? specifier.slice(CODE.length + 1) : specifier;
  const parts = inside === specifier ? folderOf(importer).split("/") : [];
  for (const part of inside.split("/")) {
    if (part === "..") {
      parts.pop();
    } else if (part !== "." && part !== "") {
      parts.push(part);
    }
  }
  return parts.filter(Boolean).join("/");
}
