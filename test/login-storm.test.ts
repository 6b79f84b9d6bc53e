import { Code } from "@wampgate/core";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { connectRaw } from "./support/raw-client.ts";
import { startRouter } from "./support/router.ts";

const LOGINS = 500;

/** What keeps the event loop alive: sockets, timers, listeners of the process. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== "Immediate" && kind !== "TTYWrap" && kind !== "PipeWrap")
    .sort();
}

describe("500 logins at once through one dynamic authenticator", () => {
  it("all get the right answer, and leave no session, timer or listener", async () => {
    const running = await startRouter({
      realms: REALMS,
      auth: { ticket: dynamicBlock },
      components: [
        {
          module: authenticatorOf(async (_realm, authid, { ticket }) => {
            await new Promise(setImmediate);
            if (ticket !== `ticket of ${authid}`)
              throw Object.assign(new Error("wrong"), { error: "com.example.wrong" });
            return { role: "user", extra: { authid } };
          }),
          realm: "realm-auth",
          role: "authenticator",
        },
      ],
    });
    let joined = 0;
    let left = 0;
    const before = resources();
    const outcomes = await Promise.all(
      Array.from({ length: LOGINS }, async (_, i) => {
        const client = await connectRaw(running.url);
        const right = i % 5 !== 0;
        client.hello({ authid: `user${i}`, authmethods: ["ticket"] });
        await client.expect(Code.CHALLENGE);
        client.authenticate(right ? `ticket of user${i}` : "another's");
        const answer = await client.next();
        if (answer[0] === Code.WELCOME) {
          joined++;
          client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
          await client.expect(Code.GOODBYE);
        }
        await client.closed;
        left++;
        return right
          ? (answer[2] as { authextra: { authid: string } }).authextra.authid === `user${i}`
          : answer[2] === "com.example.wrong";
      }),
    );
    expect(outcomes.every(Boolean)).toBe(true);
    expect([joined, left]).toEqual([LOGINS * 0.8, LOGINS]);
    expect(running.router.sessionCount).toEqual({ remote: 0, local: 1 });
    await eventually(
      () => resources().length <= before.length,
      () => `left: ${resources().join(", ")}`,
    );
    await running.close();
    expect(running.router.sessionCount).toEqual({ remote: 0, local: 0 });
  }, 60_000);
});

/** Waits until `holds`, checked once a turn of the event loop, for ten seconds at most. */
async function eventually(holds: () => boolean, why: () => string): Promise<void> {
  const until = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > until) throw new Error(why());
    await new Promise(setImmediate);
  }
}
