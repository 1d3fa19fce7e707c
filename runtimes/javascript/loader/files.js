// The files of the code package.

import { read as readBytes } from "sluice:javascript/package-files@0.1.0";

const decoder = new TextDecoder();

/** The text of the file at `path` inside the package; undefined if there is none. */
export function read(path) {
  const bytes = readBytes(path);
  return bytes && text(bytes);
}

/** What the bytes of a file say. A mark of the byte order is left out. */
export function text(bytes) {
  return decoder.decode(bytes);
}
