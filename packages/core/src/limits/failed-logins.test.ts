import { jest } from "@jest/globals";
import type { Handshakes, HandshakeReply } from "../contract/handshake.ts";
import type { Hello } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { ReportedHit } from "../contract/observers.ts";
import { FailedLogins } from "./failed-logins.ts";
import { limitSettings } from "./settings.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

type Outcome = "right" | "wrong" | "broken";
/** `held`, `full`: no plugin was asked, for too many failures or too many undecided logins. */
type Told = Outcome | "held" | "full";

interface Limits {
  readonly perAddress?: number;
  readonly perAuthid?: number;
  readonly undecided?: number;
}

const settingsOf = ({ perAddress = 1000, perAuthid = 1000, undecided = 1000 }: Limits) => ({
  now: limitSettings.parse({
    "max-failed-logins-per-address": perAddress,
    "max-failed-logins-per-authid": perAuthid,
    "max-half-open-per-address": undecided,
  }),
});

const helloOf = (address: string, authid: string | null): Hello =>
  ({
    realm: "realm1",
    authid,
    authextra: null,
    transport: { peer: address === "" ? "unix" : `tcp4:${address}:1` },
  }) as unknown as Hello;

const CAUSE: Cause = { code: "failed", params: { what: "a test" } };

/** Logins whose outcome the test chooses. @param otherLimits those of another entry of the same router */
function guarded(limits: Limits, otherLimits: Limits = {}) {
  const hits: ReportedHit[] = [];
  let outcome: Outcome = "right";
  const undecided: (() => void)[] = [];
  const step = ({ authid }: Hello): HandshakeReply =>
    outcome === "right"
      ? { kind: "welcome", admission: null, info: { authid } as never, details: {}, again: () => null }
      : { kind: "abort", reason: outcome, message: null, cause: CAUSE, failed: outcome === "wrong" };
  const handshakes: Handshakes = {
    start: (hello) => ({
      trace: { authmethod: null, authfactors: [], provider: null, plugin: null, known: null, asking: "hello" },
      begin: () => Promise.resolve({ kind: "challenge", authmethod: "ticket", extra: {}, factor: 1 }),
      authenticate: (signature) =>
        signature === "slow"
          ? new Promise((resolve) => undecided.push(() => resolve(step(hello))))
          : Promise.resolve(step(hello)),
    }),
  };
  const failedLogins = new FailedLogins((hit) => hits.push(hit));
  const attemptAt =
    (entry: Handshakes) =>
    async (address: string, authid: string | null, as: Outcome): Promise<Told> => {
      outcome = as;
      const login = entry.start(helloOf(address, authid));
      const first = await login.begin();
      if (first.kind === "abort") {
        expect(first.failed).toBe(false);
        return first.reason === "wamp.error.authentication_denied" ? "held" : "full";
      }
      await login.authenticate("", {});
      return as;
    };
  const guard = failedLogins.guard(handshakes, settingsOf(limits));
  const attempt = attemptAt(guard);
  const fail = async (times: number, address: string, authid: string | null = "joe"): Promise<void> => {
    for (let i = 0; i < times; i++) await attempt(address, authid, "wrong");
  };
  /** Shows a proof, and leaves before the decision. */
  const abandon = async (address: string, authid: string): Promise<void> => {
    const login = guard.start(helloOf(address, authid));
    if ((await login.begin()).kind === "abort") return;
    void login.authenticate("slow", {});
    login.abandoned?.();
  };
  const leaveBeforeProof = async (address: string, authid: string): Promise<void> => {
    const login = guard.start(helloOf(address, authid));
    await login.begin();
    login.abandoned?.();
  };
  /** Lets the logins that were left be decided. */
  const decideAll = async (): Promise<void> => {
    for (const decide of undecided.splice(0)) decide();
    await Promise.resolve();
    await Promise.resolve();
  };
  const other = attemptAt(failedLogins.guard(handshakes, settingsOf(otherLimits)));
  return { attempt, fail, hits, other, abandon, leaveBeforeProof, decideAll };
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

describe("a client that does not wait for the decision", () => {
  it("has failed, whatever the decision is", async () => {
    const { abandon, attempt } = guarded({ perAddress: 2 });
    for (let i = 0; i < 3; i++) await abandon("192.0.2.1", "joe");
    expect(await attempt("192.0.2.1", "joe", "right")).toBe("held");
  });

  it("has not failed if it has shown no proof yet", async () => {
    const { leaveBeforeProof, attempt } = guarded({ perAddress: 1 });
    for (let i = 0; i < 3; i++) await leaveBeforeProof("192.0.2.1", "joe");
    expect(await attempt("192.0.2.1", "joe", "right")).toBe("right");
  });

  it("takes one of the logins that its address may have undecided, until there is a decision", async () => {
    const { abandon, attempt, decideAll, hits } = guarded({ perAddress: 1000, perAuthid: 1000, undecided: 3 });
    for (let i = 0; i < 3; i++) await abandon("192.0.2.1", "joe");
    expect(await attempt("192.0.2.1", "ann", "right")).toBe("full");
    expect(await attempt("198.51.100.1", "ann", "right")).toBe("right");
    expect(hits.map(({ limit }) => limit)).toEqual(["max-half-open-per-address"]);
    await decideAll();
    expect(await attempt("192.0.2.1", "ann", "right")).toBe("right");
  });
});

it("a failure at one entry counts at all, and each judges by its own limit", async () => {
  const { attempt, other } = guarded({ perAddress: 5 }, { perAddress: 1 });
  for (let i = 0; i < 2; i++) await attempt("192.0.2.1", "joe", "wrong");
  expect(await attempt("192.0.2.1", "joe", "right")).toBe("right");
  expect(await other("192.0.2.1", "joe", "right")).toBe("held");
});
