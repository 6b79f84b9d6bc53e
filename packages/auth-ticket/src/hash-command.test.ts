import { SecretHash } from "@wampgate/core";
import { hashTicket } from "./hash-command.ts";

it("hash-ticket prints the hash of a ticket, which lets its client in", async () => {
  const printed: string[] = [];
  await hashTicket.run({
    args: [],
    flags: {},
    print: (text) => void printed.push(text),
    note: (text) => void printed.push(text),
    readSecret: (what) => Promise.resolve(`a secret ${what.toLowerCase()}`),
  });
  const [text = ""] = printed;
  expect(printed).toHaveLength(1);
  const client = { transport: { peer: "unix" }, signal: new AbortController().signal };
  expect(await SecretHash.parse(text).fits("a secret ticket", client)).toBe(true);
  expect(await SecretHash.parse(text).fits("another ticket", client)).toBe(false);
});
