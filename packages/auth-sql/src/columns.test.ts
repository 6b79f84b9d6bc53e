import { BadAnswer, defineMethod, type RawValue, z, challenge, credential } from "@wampgate/core";
import { columnProblem, keysProblem, neededBy, rowOf } from "./columns.ts";
import { readValue } from "./read-value.ts";

const own = { authid: "login", role: "role", pubkey: "key" };
const COLUMNS = ["login", "role", "key"];
const rows = (...all: unknown[][]) => ({ columns: COLUMNS, rows: all });

describe("the rows of an answer", () => {
  it("are one principal, with the keys of several", () => {
    expect(rowOf(own, rows(["joe", "user", "a"]), ["pubkey"])).toEqual({ authid: "joe", role: "user", pubkey: "a" });
    expect(rowOf(own, rows(["joe", null, "a"], ["joe", null, "b"], ["joe", null, "a"]), ["pubkey"])).toEqual({
      authid: "joe",
      pubkey: ["a", "b"],
    });
    const named = { authid: "login", role: "role" };
    expect(rowOf(named, rows(["joe", "user", "a"], ["joe", "user", "b"]), [])).toEqual({ authid: "joe", role: "user" });
  });

  it("are none where there is no row, or NULL where the method needs a value", () => {
    expect(rowOf(own, rows(), [])).toBeNull();
    expect(rowOf(own, { columns: null, rows: [] }, [])).toBeNull();
    expect(rowOf(own, rows(["joe", "user", null]), ["pubkey"])).toBeNull();
    expect(rowOf(own, rows(["joe", "user", null], ["joe", "user", "b"]), ["pubkey"])).toMatchObject({
      pubkey: ["b"].join(),
    });
  });

  it.each([
    [rows(["joe", "user", "a"], ["joe", "guest", "b"]), "several rows, which differ in role"],
    [rows(["joe", "user", "a"], ["ann", "user", "b"]), "several rows, which differ in authid"],
    [rows([null, "user", "a"]), "its row has no authid"],
    [rows(["", "user", "a"]), "its row has no authid"],
    [rows([1.5, "user", "a"]), "its authid: expected a text"],
    [{ columns: ["login", "key"], rows: [["joe", "a"]] }, 'the query has no column "role"'],
    [{ columns: ["login", "key", "role", "role"], rows: [["joe", "a", "b", "c"]] }, 'more than one column "role"'],
  ])("that cannot be read are told, without a value: %j", (answer, why) => {
    expect(() => rowOf(own, answer, [])).toThrow(BadAnswer);
    expect(() => rowOf(own, answer, [])).toThrow(why);
  });

  it("lack no column that is named", () => {
    expect(columnProblem(own, COLUMNS)).toBeNull();
  });
});

describe("a value of a column", () => {
  it.each<[string, unknown, unknown]>([
    ["authid", 9007199254740993n, "9007199254740993"],
    ["authid", 5, "5"],
    ["role", Buffer.from("üser"), "üser"],
    ["iterations", "4096", 4096],
    ["iterations", 4096n, 4096],
    ["memory", 4096, 4096],
    ["pubkey", Buffer.from("0aff", "hex"), "0aff"],
    ["stored-key", "0aff", "0aff"],
    ["expires", "1767225600", 1767225600],
    ["expires", 1767225600n, 1767225600],
    ["expires", 1767225600.5, 1767225600.5],
    ["expires", "2027-01-31T08:00:00Z", "2027-01-31T08:00:00Z"],
    ["expires", Buffer.from("2027-01-31T08:00:00Z"), "2027-01-31T08:00:00Z"],
    ["of-another-method", 5n, 5],
    ["of-another-method", 9007199254740993n, "9007199254740993"],
    ["of-another-method", Buffer.from("0aff", "hex"), "0aff"],
    ["of-another-method", true, true],
    ["constructor", "x", "x"],
  ])("as %s: %p is %p", (key, value, read) => expect(readValue(key, value, false)).toEqual(read));

  it("as salt is bytes of scram, and a text of wampcra", () => {
    expect(readValue("salt", Buffer.from("ab"), true)).toBe("6162");
    expect(readValue("salt", Buffer.from("ab"), false)).toBe("ab");
  });

  it("as extra keeps the digits of its numbers", () => {
    const extra = readValue("extra", ' {"n":9007199254740993} ', false) as RawValue;
    expect(Buffer.from(extra.bytes).toString()).toBe('{"n":9007199254740993}');
  });

  it.each<[string, unknown, string]>([
    ["authid", true, "its authid: expected a text"],
    ["role", Buffer.from("ff", "hex"), "its role: expected a text, found bytes that are none"],
    ["iterations", "many", "its iterations: expected a whole number"],
    ["iterations", "99999999999999999999", "its iterations: expected a whole number"],
    ["extra", "{", "its extra: "],
  ])("as %s cannot be %p", (key, value, why) => {
    expect(() => readValue(key, value, false)).toThrow(BadAnswer);
    expect(() => readValue(key, value, false)).toThrow(why);
  });
});

describe("the keys of columns", () => {
  const method = (name: string, more: object = {}) =>
    defineMethod({
      ...{
        name,
        at: "authenticate",
        credential: z.looseObject({}),
        challenge: () => challenge({}),
        decoy: () => credential({}),
      },
      ...more,
    } as never);
  it("must be those of the method; one that is not ours may have others", () => {
    expect(keysProblem({ authid: "a", secret: "b" }, method("wampcra"))).toBeNull();
    expect(keysProblem({ authid: "a" }, method("wampcra"))).toEqual({
      key: null,
      text: "wampcra needs the columns of secret",
    });
    expect(keysProblem({ authid: "a", secret: "b", seed: "c" }, method("wampcra"))).toMatchObject({ key: "seed" });
    expect(keysProblem({ authid: "a", card: "c" }, method("card"))).toBeNull();
    expect(keysProblem({ authid: "a" }, method("card", { strategyMayVerify: true }))?.text).toContain("password-hash");
    expect(neededBy(method("card", { strategyMayVerify: true, credentialKey: "card" }))).toEqual(["card"]);
  });
});
