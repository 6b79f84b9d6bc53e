import { shownCause, thrownText } from "./thrown.ts";

/** An error of JavaScript itself, as engines throw it. */
function ofTheLanguage(
  name: string,
  message: string,
  stack = `${name}: ${message}\n    at f (/srv/plugin.mjs:3:7)`,
): Error {
  return Object.assign(new Error(message), { name, stack });
}

const HIDDEN = "its message is not shown, since it may hold a secret";

it("an author's own words are shown as they are", () => {
  expect(thrownText(new Error("no licence for s3cret"))).toBe("no licence for s3cret");
  expect(thrownText("no licence")).toBe("no licence");
});

it.each([
  [7, "number"],
  [null, "object"],
  [undefined, "undefined"],
  [{ message: "s3cret" }, "object"],
])("of %j, which is no error, the kind is told and nothing else", (thrown, kind) => {
  expect(thrownText(thrown)).toBe(`something other than an Error was thrown (${kind})`);
});

it("an error of another realm of the engine is an error too", () => {
  expect(thrownText({ name: "Error", message: "no licence" })).toBe("no licence");
});

describe("of an error of JavaScript itself, which may quote a secret, only the kind, the place and fixed words are told:", () => {
  it.each([
    ["TypeError", "s3cret is not a function", HIDDEN],
    ["TypeError", "Cannot read properties of undefined (reading 's3cret')", "Cannot read properties of undefined"],
    ["SyntaxError", "Unexpected token 's3cret'", "Unexpected token"],
    ["ReferenceError", "s3cret is not defined", "a name is used that is not defined; a text must be in quotes"],
    ["RangeError", "Invalid count value: s3cret", HIDDEN],
    ["SyntaxError", `Unexpected token 's', "s3cret" is not valid JSON`, "what it read is not JSON"],
    [
      "SyntaxError",
      `/srv/users.json: Unexpected token 's', "s3cret" is not valid JSON`,
      "the file /srv/users.json is not JSON",
    ],
  ])("%s: %s", (name, message, words) => {
    expect(thrownText(ofTheLanguage(name, message))).toBe(`${name} at /srv/plugin.mjs:3:7: ${words}`);
  });
});

describe("the place of an error is told", () => {
  it.each([
    ["of a file by its URL, as a path", "TypeError: s3cret\n    at file:///srv/a%20b.mjs:3:7", " at /srv/a b.mjs:3:7"],
    [
      "of a URL that is no path, as it is",
      "TypeError: s3cret\n    at file:///srv/a%2Fb.mjs:3:7",
      " at file:///srv/a%2Fb.mjs:3:7",
    ],
    ["not where the engine's own files alone took part", "TypeError: s3cret\n    at node:internal/url:3:7", ""],
    ["not where only the message looks like one", "TypeError: s3cret", ""],
    [
      "as the parser puts it before the error",
      "/srv/a.mjs:3\nlet s3cret = ;\n             ^\nTypeError: s3cret",
      " at /srv/a.mjs:3:14",
    ],
    ["without a column where no arrow points", "/srv/a.mjs:3\nlet s3cret\n\nTypeError: s3cret", " at /srv/a.mjs:3"],
    ["not where the stack begins with something else", "s3cret\nTypeError: s3cret", ""],
  ])("%s", (_, stack, place) => {
    expect(thrownText(ofTheLanguage("TypeError", "s3cret", stack))).toBe(`TypeError${place}: ${HIDDEN}`);
  });
});

it("the cause of another error keeps the stack, and of an error of JavaScript itself loses the message", () => {
  const own = new Error("no licence");
  expect(shownCause(own)).toBe(own);
  expect(shownCause("no licence")).toBe("no licence");
  const shown = shownCause(ofTheLanguage("TypeError", "s3cret is not a function")) as Error;
  expect(shown.stack).toBe(`Error: TypeError at /srv/plugin.mjs:3:7: ${HIDDEN}\n    at f (/srv/plugin.mjs:3:7)`);
  expect(shown.message).not.toContain("s3cret");
});
