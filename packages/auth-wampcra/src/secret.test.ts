import { createRouter } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { deriveKey } from "./secret.ts";
import wampcra from "./index.ts";

const salting = { salt: "salt123", iterations: 100, keylen: 16 };

/** The warnings about a config with these users. */
async function warnings(users: Record<string, object>): Promise<string[]> {
  const router = await createRouter(
    {
      plugins: [wampcra],
      realms: [{ name: "realm1", roles: [{ name: "user" }] }],
      transports: [{ type: "memory", auth: { wampcra: { type: "static", "default-role": "user", users } } }],
    },
    { log: new CapturedLog() },
  );
  return router.warnings.map(({ path, message }) => `${path.at(-1)}: ${message}`);
}

it("a salted secret that no client can derive is a warning, and shows no secret", async () => {
  const found = await warnings({ joe: { secret: "plain-secret", ...salting }, pia: { secret: "QUJD", ...salting } });
  expect(found).toEqual([
    expect.stringMatching(/^joe: its secret is not the derived key, base64 of 16 bytes, .* called password/),
    expect.stringMatching(/^pia: /),
  ]);
  expect(found.join()).not.toContain("plain-secret");
});

it("secrets that clients can derive are fine: derived ones, plain ones, passwords", async () => {
  const secret = await deriveKey("secret1", salting);
  const users = {
    joe: { secret, ...salting },
    pia: { secret: "plain-secret" },
    ann: { password: "plain-secret", ...salting },
    max: { password: "plain-secret" },
  };
  expect(await warnings(users)).toEqual([]);
});
