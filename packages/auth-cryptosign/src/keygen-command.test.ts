import { keygen } from "./keygen-command.ts";
import { SigningKey } from "./keys.ts";

async function run() {
  const [printed, noted]: [string[], string[]] = [[], []];
  await keygen.run({
    args: [],
    flags: {},
    print: (text) => void printed.push(text),
    note: (text) => void noted.push(text),
    readSecret: () => Promise.reject(new Error("keygen asks for nothing")),
  });
  return { pair: JSON.parse(printed.join("\n")) as Record<string, string>, noted: noted.join("\n") };
}

it("keygen makes a private key and its public key, each time others", async () => {
  const [{ pair }, other] = [await run(), await run()];
  expect(Object.keys(pair)).toEqual(["private-key", "public-key"]);
  expect(new SigningKey(pair["private-key"] ?? "").publicKey).toBe(pair["public-key"]);
  expect(other.pair["private-key"]).not.toBe(pair["private-key"]);
});

it("it says where each key belongs, and repeats no private key in what a terminal shows beside it", async () => {
  const { pair, noted } = await run();
  expect(noted).toContain(`authorized_keys: ["${String(pair["public-key"])}"]`);
  expect(noted).toContain("router-key");
  expect(noted).not.toContain(pair["private-key"]);
});
