// Values as text for people, close to what Node.js's `util.inspect` writes.

/** Deeper levels are only named. */
const DEPTH = 4;
/** More items of a list are only counted. */
const ITEMS = 100;
/** Longer lines are broken up. */
const WIDTH = 76;

/** The text of any value. */
export function inspect(value, { depth = DEPTH } = {}) {
  const circular = new Map();
  const text = write(value, { depth: depth ?? Infinity, above: [], circular });
  return circular.has(value) ? `<ref *${circular.get(value)}> ${text}` : text;
}

/** What `console.log` writes of its arguments. */
export function format(first, ...rest) {
  if (arguments.length === 0) {
    return "";
  }
  if (typeof first !== "string") {
    return [first, ...rest].map(plain).join(" ");
  }
  const text = rest.length ? first.replace(/%[sdifjoOc%]/g, (mark) => filled(mark, rest)) : first;
  return [text, ...rest.map(plain)].join(" ");
}

function filled(mark, rest) {
  if (mark === "%%") {
    return "%";
  }
  if (!rest.length) {
    return mark;
  }
  const value = rest.shift();
  const number = (convert) => (typeof value === "bigint" ? `${value}n` : typeof value === "symbol" ? "NaN" : String(convert(value)));
  switch (mark) {
    case "%s":
      return typeof value === "object" && value !== null ? inspect(value, { depth: 0 }) : plain(value);
    case "%d":
      return number(Number);
    case "%i":
      return number(Number.parseInt);
    case "%f":
      return number(Number.parseFloat);
    case "%j":
      try {
        return String(JSON.stringify(value));
      } catch {
        return "[Circular]";
      }
    case "%c":
      return "";
    default:
      return inspect(value);
  }
}

function plain(value) {
  return typeof value === "string" ? value : inspect(value);
}

function write(value, state) {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "symbol":
      return String(value);
    case "function":
      return withProperties(functionTitle(value), value, state);
    case "object":
      return value === null ? "null" : writeObject(value, state);
    default:
      return String(value);
  }
}

function quoted(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") ? "`" : "'";
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function functionTitle(value) {
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : (value.constructor?.name ?? "Function");
  return kind === "class" ? `[class ${value.name || "(anonymous)"}]` : `[${kind}${value.name ? `: ${value.name}` : " (anonymous)"}]`;
}

function writeObject(value, state) {
  if (state.above.includes(value)) {
    if (!state.circular.has(value)) {
      state.circular.set(value, state.circular.size + 1);
    }
    return `[Circular *${state.circular.get(value)}]`;
  }
  const name = className(value);
  if (value instanceof Error) {
    return withProperties(errorText(value), value, state, ["stack", "message", "name"]);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  }
  if (value instanceof RegExp) {
    return String(value);
  }
  if (typeof value.inspect === "function" && ArrayBuffer.isView(value)) {
    return value.inspect(); // a Buffer
  }
  for (const [type, title] of [[Number, "Number"], [String, "String"], [Boolean, "Boolean"]]) {
    if (value instanceof type) {
      return `[${title}: ${write(value.valueOf(), state)}]`;
    }
  }
  if (state.above.length > state.depth) {
    return Array.isArray(value) ? "[Array]" : `[${name ?? "Object: null prototype"}]`;
  }
  const inner = { ...state, above: [...state.above, value] };
  if (Array.isArray(value)) {
    const title = name === "Array" ? "" : `${name}(${value.length}) `;
    return listed(title, "[]", [...items(value, inner), ...properties(value, inner, isIndex)]);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return listed(`${name}(${value.length}) `, "[]", items(value, inner));
  }
  if (value instanceof ArrayBuffer) {
    return `${name} { byteLength: ${value.byteLength} }`;
  }
  if (value instanceof Map) {
    const entries = limited([...value], ([key, one]) => `${write(key, inner)} => ${write(one, inner)}`);
    return listed(`${name}(${value.size}) `, "{}", [...entries, ...properties(value, inner)]);
  }
  if (value instanceof Set) {
    const entries = limited([...value], (one) => write(one, inner));
    return listed(`${name}(${value.size}) `, "{}", [...entries, ...properties(value, inner)]);
  }
  if (value instanceof URL) {
    return `URL { href: ${quoted(value.href)} }`;
  }
  const title = name === "Object" ? "" : `${name ?? "[Object: null prototype]"} `;
  return listed(title, "{}", properties(value, inner));
}

function className(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null ? undefined : (prototype.constructor?.name ?? "Object");
}

function errorText(error) {
  const stack = String(error.stack || Error.prototype.toString.call(error));
  return stack.includes("\n") || !error.stack ? stack : `[${stack}]`;
}

/** A value that has a text of its own, and what else it carries. */
function withProperties(text, value, state, known = []) {
  const inner = { ...state, above: [...state.above, value] };
  if (state.above.length > state.depth) {
    return text;
  }
  const parts = properties(value, inner, (key) => known.includes(key));
  if (value instanceof Error) {
    for (const hidden of ["cause", "errors"]) {
      if (Object.hasOwn(value, hidden) && !Object.prototype.propertyIsEnumerable.call(value, hidden)) {
        parts.push(`[${hidden}]: ${write(value[hidden], inner)}`);
      }
    }
  }
  return parts.length ? listed(`${text} `, "{}", parts) : text;
}

function isIndex(key) {
  return typeof key === "string" && /^\d+$/.test(key);
}

function items(list, state) {
  return limited(Array.from(list), (one, index) => (index in list ? write(one, state) : "<empty>"));
}

function limited(list, text) {
  const shown = list.slice(0, ITEMS).map(text);
  const more = list.length - ITEMS;
  return more > 0 ? [...shown, `... ${more} more item${more > 1 ? "s" : ""}`] : shown;
}

function properties(value, state, skipped = () => false) {
  const own = Reflect.ownKeys(value).filter(
    (key) => !skipped(key) && Object.prototype.propertyIsEnumerable.call(value, key),
  );
  return limited(own, (key) => {
    const { get, set, value: plainValue } = Object.getOwnPropertyDescriptor(value, key);
    const name = typeof key === "symbol" ? `[${String(key)}]` : /^[A-Za-z_$\u00aa-\uffff][\w$\u00aa-\uffff]*$/.test(key) ? key : quoted(key);
    if (get || set) {
      return `${name}: [${[get && "Getter", set && "Setter"].filter(Boolean).join("/")}]`;
    }
    return `${name}: ${write(plainValue, state)}`;
  });
}

/** The parts between brackets, on one line where they fit. */
function listed(title, [open, close], parts) {
  if (!parts.length) {
    return `${title}${open}${close}`;
  }
  const line = `${title}${open} ${parts.join(", ")} ${close}`;
  if (line.length <= WIDTH && !line.includes("\n")) {
    return line;
  }
  if (open === "[" && parts.every((part) => part.length <= 16)) {
    return `${title}[\n  ${filledLines(parts).join(",\n  ")}\n]`;
  }
  const indented = parts.map((part) => `  ${part.replaceAll("\n", "\n  ")}`);
  return `${title}${open}\n${indented.join(",\n")}\n${close}`;
}

/** Short items, as many on a line as fit. */
function filledLines(parts) {
  const lines = [];
  for (const part of parts) {
    const longer = lines.length ? `${lines.at(-1)}, ${part}` : part;
    if (lines.length && longer.length <= WIDTH) {
      lines[lines.length - 1] = longer;
    } else {
      lines.push(part);
    }
  }
  return lines;
}
