import type { Log } from "../../contract/log.ts";
import type { SessionPort } from "../../contract/session-port.ts";
import type { CallOutcome } from "../../contract/service-call.ts";
import { Authorizer } from "./authorizer.ts";

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
const transport = { type: "memory", peer: "memory" };
const port = {
  info: { session: 1, realm: "realm1", authid: "joe", authrole: "user", transport },
} as unknown as SessionPort;
const request = (uri: string) => ({ action: "call", uri, match: "exact", options: {} }) as const;
const { signal } = new AbortController();

it.each<[CallOutcome, RegExp]>([
  [{ kind: "timeout" }, /com\.authorize did not answer within 10000 ms/],
  [{ kind: "no-callee" }, /is not registered/],
  [{ kind: "no-realm" }, /is not registered/],
  [{ kind: "callee-busy" }, /reads too slowly/],
  [{ kind: "callee-gone" }, /left before it answered/],
  [{ kind: "error", uri: "com.failed", args: ["secret"], kwargs: {} }, /failed with com\.failed$/],
])("a call that ended as %j decides nothing", async (outcome, message) => {
  const authorizer = new Authorizer("com.authorize", "realm1", () => Promise.resolve(outcome), log);
  await expect(authorizer.ask(port, request("com.a"), signal)).rejects.toThrow(message);
});

it("forgets cached answers before there are too many", async () => {
  const answer = { kind: "result", args: [{ allow: true, cache: true }], kwargs: {} } as const;
  const authorizer = new Authorizer("com.authorize", "realm1", () => Promise.resolve(answer), log);
  for (let n = 0; n <= 1000; n++) await authorizer.ask(port, request(`com.n${n}`), signal);
  expect(authorizer.remembered(port, request("com.n0"))).toBeUndefined();
  expect(authorizer.remembered(port, request("com.n1000"))).toEqual({ allow: true, disclose: false });
});
