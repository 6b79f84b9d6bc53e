import { fileURLToPath } from "node:url";

/** Errors that JavaScript itself throws. Their messages hold pieces of the source and values that the code worked on. */
const OF_THE_LANGUAGE = ["SyntaxError", "TypeError", "ReferenceError", "RangeError", "EvalError", "URIError"];

/** The parts of those messages that are always the same. */
const SAFE_WORDS = [
  /^Unexpected (?:end of (?:input|JSON input)|identifier|string|number|template string|token|reserved word|strict mode reserved word)/,
  /^Invalid or unexpected token$/,
  /^Unterminated [a-z ]+$/,
  /^[Mm]issing [)\]}:] ?[a-z ]*$/,
  /^Cannot (?:read|set) properties of (?:undefined|null)/,
  /^Assignment to constant variable/,
  /^Maximum call stack size exceeded/,
  // It names only an export of another file.
  /^The requested module '[^']*' does not provide an export named '[^']*'$/,
];

/**
 * Describes for the operator what the code of a config, a plugin or a component threw. An author's own message is kept.
 * For errors of JavaScript itself it gives the kind and the place, since the message may show a secret.
 */
export function thrownText(error: unknown): string {
  if (!(error instanceof Error) && !isErrorLike(error)) return textOf(error);
  const { name, message, stack } = error;
  if (!OF_THE_LANGUAGE.includes(name)) return message;
  const place = placeOf(error);
  const isJson =
    name === "SyntaxError" && (message.endsWith("is not valid JSON") || stack?.includes("at JSON.parse") === true);
  const words = isJson
    ? undefined
    : SAFE_WORDS.map((pattern) => pattern.exec(message)?.[0]).find((found) => found !== undefined);
  const jsonFile = isJson ? /^((?:file:\/\/)?\/[^\n]*?\.json): /.exec(message)?.[1] : undefined;
  const what = words ?? (jsonFile === undefined ? hintOf(name, isJson) : `the file ${jsonFile} is not JSON`);
  return `${name}${place === null ? "" : ` at ${place}`}: ${what}`;
}

/**
 * What was thrown, to be the `cause` of another error. Of an error of JavaScript itself the stack is kept and the message
 * is not, since it may show a secret.
 */
export function shownCause(error: unknown): unknown {
  if (!isErrorLike(error) || !OF_THE_LANGUAGE.includes(error.name)) return error;
  const shown = new Error(thrownText(error));
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ +at /.test(line));
  shown.stack = [`Error: ${shown.message}`, ...frames].join("\n");
  return shown;
}

/** An error of ours, caused by what other code has thrown. */
export function caused(message: string, thrown: unknown): Error {
  return new Error(message, { cause: shownCause(thrown) });
}

function isErrorLike(error: unknown): error is Error {
  return (
    typeof error === "object" &&
    error !== null &&
    typeof (error as Error).name === "string" &&
    typeof (error as Error).message === "string"
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : `something other than an Error was thrown (${typeof value})`;
}

function hintOf(name: string, isJson: boolean): string {
  if (name === "ReferenceError") return "a name is used that is not defined; a text must be in quotes";
  if (isJson) return "what it read is not JSON";
  return "its message is not shown, since it may hold a secret";
}

/** `/path/file.mjs:3:7` of the code that threw; null if only the runtime's own files took part. */
function placeOf({ name, message, stack = "" }: Error): string | null {
  // Node puts the place and the source line before a parser's error.
  if (!stack.startsWith(name)) {
    const [head = "", source = "", arrow = ""] = stack.split("\n");
    const found = /^((?:file:\/\/)?\/.*):(\d+)$/.exec(head);
    if (found === null) return null;
    const column = /^\s*\^/.test(arrow) && arrow.indexOf("^") <= source.length ? `:${arrow.indexOf("^") + 1}` : "";
    return `${pathOf(found[1] ?? "")}:${found[2]}${column}`;
  }
  // The message may look like a place.
  const frames = stack.slice(stack.indexOf(message) + message.length);
  const [, file, line, column] = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^\n()]*):(\d+):(\d+)\)?$/m.exec(frames) ?? [];
  return file === undefined ? null : `${pathOf(file)}:${line}:${column}`;
}

function pathOf(location: string): string {
  if (!location.startsWith("file://")) return location;
  try {
    return fileURLToPath(new URL(location));
  } catch {
    return location;
  }
}
