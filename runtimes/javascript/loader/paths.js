// Where things are, as the user knows them.

/** The folder of the code. The engine sees no files; the executor reads them for it. */
export const CODE = "/opt/function/code";

/** Where a function starts out, so that a relative path to its own files begins with `code/`. */
export const WORKING_DIRECTORY = "/opt/function";
