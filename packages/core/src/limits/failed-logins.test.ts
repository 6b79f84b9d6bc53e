import { jest } from "@jest/globals";
import type { Handshakes, HandshakeReply } from "../contract/handshake.ts";
import type { Hello } from "../contract/hello.ts";
import type { LimitHit } from "../contract/observers.ts";
import { FailedLogins } from "./failed-logins.ts";
import { limitSettings } from "./settings.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

type Outcome = "right" | "wrong" | "broken";

/** Logins whose outcome the test chooses; `held` if no plugin was asked. */
function guarded(limits: { perAddress?: number; perAuthid?: number }) {
  const hits: LimitHit[] = [];
  const { perAddress = 1000, perAuthid = 1000 } = limits;
  const settings = limitSettings.parse({
    "max-failed-logins-per-address": perAddress,
    "max-failed-logins-per-authid": perAuthid,
  });
  let outcome: Outcome;
  const step = ({ authid }: Hello): HandshakeReply =>
    outcome === "right"
      ? { kind: "welcome", admission: null, info: { authid } as never, details: {} }
      : { kind: "abort", reason: outcome, message: null, failed: outcome === "wrong" };
  const handshakes: Handshakes = {
    start: (hello) => ({
      trace: { authmethod: null, provider: null, plugin: null, known: null },
      begin: () => Promise.resolve({ kind: "challenge", authmethod: "ticket", extra: {} }),
      authenticate: () => Promise.resolve(step(hello)),
    }),
  };
  const guard = new FailedLogins({ now: settings }, (hit) => hits.push(hit)).guard(handshakes);
  const attempt = async (address: string, authid: string | null, as: Outcome): Promise<Outcome | "held"> => {
    outcome = as;
    const hello = { realm: "realm1", authid, transport: { peer: address === "" ? "unix" : `tcp4:${address}:1` } };
    const login = guard.start(hello as Hello);
    const first = await login.begin();
    if (first.kind === "abort") {
      expect(first).toMatchObject({ reason: "wamp.error.authentication_denied", failed: false });
      return "held";
    }
    await login.authenticate("", {});
    return as;
  };
  const fail = async (times: number, address: string, authid: string | null = "joe"): Promise<void> => {
    for (let i = 0; i < times; i++) await attempt(address, authid, "wrong");
  };
  return { attempt, fail, hits };
}

it("with the default limit, 3000 failures a minute from one address pass, and then the right proof", async () => {
  const { attempt, fail, hits } = guarded({ perAddress: 3000, perAuthid: 3000 });
  await fail(3000, "192.0.2.1");
  expect(await attempt("192.0.2.1", "joe", "right")).toBe("right");
  expect(hits).toEqual([]);
  await fail(1, "192.0.2.1");
  expect(await attempt("192.0.2.1", "ann", "right")).toBe("held");
  expect(hits).toMatchObject([{ limit: "max-failed-logins-per-address", peer: "tcp4:192.0.2.1:1", session: null }]);
});

it("an address that is held back can log in again when its time is up", async () => {
  const { attempt, fail } = guarded({ perAddress: 2 });
  await fail(3, "192.0.2.1");
  expect(await attempt("192.0.2.1", "joe", "right")).toBe("held");
  jest.advanceTimersByTime(1000);
  expect(await attempt("192.0.2.1", "joe", "right")).toBe("right");
});

it("strangers lock no user out: no new address, and none that has logged in before and fails now", async () => {
  const { attempt, fail, hits } = guarded({ perAuthid: 2 });
  await attempt("192.0.2.1", "joe", "right");
  await fail(1, "192.0.2.1");
  await fail(2, "198.51.100.1");
  expect(await attempt("198.51.100.1", "joe", "right")).toBe("held");
  expect(await attempt("203.0.113.1", "joe", "right")).toBe("right");
  expect(await attempt("192.0.2.1", "joe", "right")).toBe("right");
  expect(await attempt("198.51.100.1", "ann", "right")).toBe("right");
  expect(hits.map(({ limit }) => limit)).toEqual(["max-failed-logins-per-authid"]);
});

it("many addresses that guess at one authid get one guess each", async () => {
  const { attempt, fail } = guarded({ perAuthid: 2 });
  await fail(3, "198.51.100.1");
  expect(await attempt("198.51.100.2", "joe", "wrong")).toBe("wrong");
  expect(await attempt("198.51.100.2", "joe", "right")).toBe("held");
});

it("a login as another authid does not protect an address", async () => {
  const { attempt, fail } = guarded({ perAuthid: 2 });
  await attempt("198.51.100.1", "ann", "right");
  await fail(3, "198.51.100.1");
  expect(await attempt("198.51.100.1", "joe", "right")).toBe("held");
});

it("failures that are not the client's fault do not count, and neither do peers without an address", async () => {
  const { attempt, fail } = guarded({ perAddress: 1, perAuthid: 1 });
  for (let i = 0; i < 5; i++) await attempt("192.0.2.1", "joe", "broken");
  expect(await attempt("192.0.2.1", "joe", "right")).toBe("right");
  await fail(5, "");
  expect(await attempt("", "joe", "right")).toBe("right");
});

it("logins without an authid count only for their address", async () => {
  const { attempt, fail } = guarded({ perAddress: 4, perAuthid: 1 });
  await fail(4, "192.0.2.1", null);
  expect(await attempt("192.0.2.1", null, "right")).toBe("right");
  await fail(1, "192.0.2.1", null);
  expect(await attempt("192.0.2.1", null, "right")).toBe("held");
});
