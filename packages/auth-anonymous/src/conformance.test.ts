import { describeAuthMethod, startTestRouter } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

describeAuthMethod(
  { describe, it },
  {
    plugin,
    method: "anonymous",
    block: { role: "user" },
    otherBlock: null,
    authid: "joe",
    prove: null,
    proofIsFresh: false,
    badBlocks: [
      { block: { role: 5 }, path: "anonymous.role" },
      { block: { role: "nobody" }, path: "anonymous.role" },
      { block: { authid: ["x"] }, path: "anonymous.authid" },
      { block: { extra: "x" }, path: "anonymous.extra" },
    ],
  },
);

async function authidsOf(block: object): Promise<unknown[]> {
  const { connect, close } = await startTestRouter({ plugins: [plugin], auth: { anonymous: block } });
  const authids = [];
  for (const authid of ["joe", "joe"]) {
    const client = connect();
    client.hello({ authid });
    authids.push((await client.welcomed())["authid"]);
  }
  await close();
  return authids;
}

describe("an anonymous client", () => {
  it("gets a random serial as authid, even if it named another", async () => {
    const [first, second] = await authidsOf({ type: "static", role: "user" });
    const serial = /^([345679ACEFGHJKLMNPQRSTUVWXY]{4}-){5}[345679ACEFGHJKLMNPQRSTUVWXY]{4}$/;
    expect(first).toMatch(serial);
    expect(second).toMatch(serial);
    expect(first).not.toBe(second);
  });

  it("gets the authid of the config if there is one", async () => {
    await expect(authidsOf({ type: "static", role: "user", authid: "foobar23" })).resolves.toEqual([
      "foobar23",
      "foobar23",
    ]);
  });

  it("gets the block's default-role, and else the role anonymous", async () => {
    const realms = [{ name: "realm1", roles: [{ name: "anonymous" }, { name: "guest" }] }];
    const roles = [];
    for (const block of [{ type: "static" }, { type: "static", "default-role": "guest" }]) {
      const { connect, close } = await startTestRouter({ plugins: [plugin], auth: { anonymous: block }, realms });
      const client = connect();
      client.hello();
      roles.push((await client.welcomed())["authrole"]);
      await close();
    }
    expect(roles).toEqual(["anonymous", "guest"]);
  });
});
