import type { Hello } from "../contract/hello.ts";
import type { Log } from "../contract/log.ts";
import { createRouterHooks } from "../hooks/router-hooks.ts";
import type { HandshakeContext } from "./context.ts";
import { Login } from "./login.ts";

function loginWith(tapped: "loginStep" | "loginEnded" | "loginFailed"): Login {
  const hooks = createRouterHooks({ frozen: false }, {} as Log);
  hooks[tapped].tap("witness", () => undefined);
  return new Login({ session: 7 } as Hello, { hooks, auth: { now: new Map() } } as unknown as HandshakeContext);
}

it("the steps of a login are kept where `loginStep` or `loginEnded` has a tap, and nowhere else", () => {
  expect(loginWith("loginStep").trace).not.toBeNull();
  expect(loginWith("loginEnded").trace).not.toBeNull();
  expect(loginWith("loginFailed").trace).toBeNull();
});

it("at most 16 steps of a login are kept", () => {
  const { trace } = loginWith("loginEnded");
  for (let i = 0; i < 20; i++) {
    trace?.begins("hello");
    trace?.ends({ outcome: "ok", by: null, code: "no-tap", params: {}, config: null });
  }
  expect(trace?.steps("no", null)).toHaveLength(16);
});
