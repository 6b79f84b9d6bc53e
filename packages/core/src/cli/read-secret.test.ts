import { PassThrough } from "node:stream";
import { readSecret } from "./read-secret.ts";
import { UsageError } from "../errors/usage-error.ts";

/** A stdin, and a stderr that keeps what it shows. @param isTTY whether they are a terminal */
function console(isTTY: boolean) {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode(mode: boolean) {
      raw.push(mode);
      return input;
    },
  });
  const output = new PassThrough();
  const shown = (): string => String(output.read() ?? "");
  return { input, output, shown, raw };
}

it("a password that is typed at a terminal is asked for twice, and not shown", async () => {
  const { input, output, shown, raw } = console(true);
  const password = readSecret("Password", input, output);
  input.write("se");
  input.write("cret1\r");
  input.write("secret1\r");
  expect(await password).toBe("secret1");
  expect(shown()).toBe("Password (not shown): \nAgain: \n");
  expect(raw[0]).toBe(true); // the terminal itself shows nothing
  expect(raw.at(-1)).toBe(false);
});

it("the backspace key works", async () => {
  const { input, output } = console(true);
  const password = readSecret("Password", input, output);
  input.write("secreT\x7ft\rsecret\r");
  expect(await password).toBe("secret");
});

it("two passwords that differ are refused, and neither is shown", async () => {
  const { input, output, shown } = console(true);
  const password = readSecret("Password", input, output);
  input.write("secret1\rsecret2\r");
  await expect(password).rejects.toThrow(new UsageError("the two were not the same; nothing was made"));
  expect(shown()).not.toContain("secret");
});

it.each([
  ["Ctrl+C", "\x03"],
  ["Ctrl+D", "\x04"],
])("%s ends the question", async (_key, typed) => {
  const { input, output, raw } = console(true);
  const password = readSecret("Password", input, output);
  input.write(`sec${typed === "\x04" ? "\x15" : ""}${typed}`);
  await expect(password).rejects.toThrow(UsageError);
  expect(raw.at(-1)).toBe(false);
});

it("from a pipe one line is read, without a question", async () => {
  const { input, output, shown } = console(false);
  const password = readSecret("Password", input, output);
  input.write("sec");
  input.write("ret ✓\r\nmore\n");
  expect(await password).toBe("secret ✓");
  expect(shown()).toBe("");
});

it("a pipe without an end of line gives what it holds", async () => {
  const { input, output } = console(false);
  input.end("secret");
  expect(await readSecret("Password", input, output)).toBe("secret");
});

it("an empty password is refused", async () => {
  for (const isTTY of [true, false]) {
    const { input, output } = console(isTTY);
    const password = readSecret("Password", input, output);
    input.end(isTTY ? "\r\r" : "");
    await expect(password).rejects.toThrow(UsageError);
  }
});
