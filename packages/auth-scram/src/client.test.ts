import { clientHalf } from "./client.ts";
import { CROSSBAR, SPEC } from "./dialect.ts";

const challenge = (salt: string): Record<string, unknown> => ({
  nonce: "AAAAAAAABBBBBBBB",
  salt: Buffer.from(salt).toString("base64"),
  kdf: "argon2id-13",
  iterations: 1,
  memory: 20_000,
});
const hello = { authid: "joe", authextra: { nonce: "AAAAAAAA" } };

async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe("the client's half", () => {
  it("has a new nonce for each login", async () => {
    const { authextra } = clientHalf(SPEC);
    const nonces = new Set<unknown>();
    for (let i = 0; i < 20; i++) nonces.add((await authextra?.("pencil"))?.["nonce"]);
    expect(nonces.size).toBe(20);
  });

  it("derives keys once for many logins, and again after it has met many other salts", async () => {
    const client = clientHalf(CROSSBAR);
    const answer = (salt: string) => client.answer(challenge(salt), "pencil", hello);
    const first = await timed(() => answer("salt number 0"));
    const right = await answer("salt number 0");
    let again = Infinity;
    for (let i = 0; i < 5; i++) again = Math.min(again, await timed(() => answer("salt number 0")));
    expect(again).toBeLessThan(first / 5);
    for (let i = 1; i <= 16; i++) await answer(`salt number ${i}`);
    expect(await timed(() => answer("salt number 0"))).toBeGreaterThan(again * 5);
    expect(await answer("salt number 0")).toEqual(right);
  });

  it("says why a password cannot be prepared, each time", async () => {
    const client = clientHalf(SPEC);
    for (let i = 0; i < 2; i++)
      await expect(client.answer(challenge("a salt of it"), "tab\t", hello)).rejects.toThrow(
        "does not allow this password",
      );
  });

  it("answers for a client without an authid as for an empty name", async () => {
    const client = clientHalf(SPEC);
    const none = await client.answer(challenge("a salt of it"), "pencil", { ...hello, authid: null });
    expect(await client.answer(challenge("a salt of it"), "pencil", { ...hello, authid: "" })).toEqual(none);
  });
});
