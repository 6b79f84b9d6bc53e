import type { PrincipalQuery } from "../contract/method.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import { BadAnswer, readAnswer } from "./authenticator-answer.ts";

// As the method wampcra asks at HELLO, and as ticket asks once it has the ticket: the strategy may judge that one.
const atHello = { method: { strategyMayVerify: false }, phase: "hello" } as PrincipalQuery;
const withProof = { method: { strategyMayVerify: true }, phase: "authenticate" } as PrincipalQuery;

const read = (answer: unknown, query = atHello): unknown => readAnswer(answer, query);

it("an authenticator that answers with a string names the role", () => {
  expect(read("user")).toEqual({ kind: "credential", credential: {}, assignment: { role: "user" } });
});

it("what is no part of the assignment goes to the method, as what the proof is checked by", () => {
  expect(read({ role: "user", secret: "s3cret", salt: "pepper" })).toEqual({
    kind: "credential",
    credential: { secret: "s3cret", salt: "pepper" },
    assignment: { role: "user" },
  });
});

it("a key that is left out is left to the client, and one that is null assigns none", () => {
  expect(read({ authid: null, realm: null, role: null, extra: null })).toMatchObject({
    assignment: { authid: null, realm: null, role: null, extra: null },
  });
  expect(read({})).toEqual({ kind: "credential", credential: {}, assignment: {} });
});

it("an answer about a proof that the authenticator was shown lets the client in", () => {
  const assignment = { realm: "realm2", authid: "ann", role: "user", extra: { team: 7 } };
  expect(read(assignment, withProof)).toEqual({ kind: "accepted", assignment });
});

it("extra is passed on as the bytes that came, if it came as bytes", () => {
  const bytes = { format: "cbor" } as unknown as RawValue;
  const raw = { get: (key: unknown) => (key === "extra" ? bytes : undefined) } as unknown as RawValue;
  const given = { role: "user", extra: { team: 7 } };
  expect(readAnswer(given, atHello, () => raw)).toMatchObject({ assignment: { extra: bytes } });
  expect(readAnswer(given, atHello, () => undefined)).toMatchObject({ assignment: { extra: { team: 7 } } });
});

it("an answer about a proof leaves it to a method whose credential it has", () => {
  const method = { strategyMayVerify: true, credentialKey: "seed" };
  const asked = { method, phase: "authenticate" } as PrincipalQuery;
  expect(read({ role: "user", seed: "CACK" }, asked)).toEqual({
    kind: "credential",
    credential: { seed: "CACK" },
    assignment: { role: "user" },
  });
  expect(read({ role: "user", secret: "CACK" }, asked)).toEqual({ kind: "accepted", assignment: { role: "user" } });
});

it("an answer at HELLO lets no client in, even for a method whose proofs the authenticator may judge", () => {
  expect(read("user", { ...withProof, phase: "hello" })).toMatchObject({ kind: "credential" });
});

describe("an answer that is none is refused, and the word for the log says why, without a value", () => {
  const refused: [why: string, answer: unknown][] = [
    ["it answered an integer, expected a role or a dictionary", 7],
    ["it answered null, expected a role or a dictionary", null],
    ["it answered a list, expected a role or a dictionary", ["s3cret"]],
    ["its realm: expected a string, found an integer", { realm: 7 }],
    ["its authid: expected a string, found a dictionary", { authid: { name: "s3cret" } }],
    ["its role: expected a string, found a list", { role: ["s3cret"] }],
    ["its extra: expected a dictionary, found a string", { extra: "s3cret" }],
    [
      "its authid: expected a string, found an integer; its extra: expected a dictionary, found a list",
      { authid: 7, extra: ["s3cret"] },
    ],
    ["its then: expected the name of a method, found a list", { role: "user", then: ["totp"] }],
  ];
  it.each(refused)("%s", (why, answer) => {
    expect(() => readAnswer(answer, atHello)).toThrow(new BadAnswer(why));
  });
});
