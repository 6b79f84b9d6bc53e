import type { Principal } from "../contract/assignment.ts";
import type { AuthorizeQuery, Decision } from "../contract/authorization.ts";
import type { Hello } from "../contract/hello.ts";
import type {
  ActionDenied,
  LoginFailure,
  LoginSuccess,
  RouterHooks,
  SessionEnd,
  Starting,
  StrategyAnswer,
} from "../contract/hooks.ts";
import type { Log } from "../contract/log.ts";
import type { LoginRecord, LoginStep } from "../contract/login-record.ts";
import type { LoginAttempt, PrincipalQuery, Proof } from "../contract/method.ts";
import type { LimitHit } from "../contract/observers.ts";
import type { ServiceCallEnd } from "../contract/service-call.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { UpgradeRefusal, UpgradeRequest } from "../contract/upgrade.ts";
import type { PrincipalAnswer, Verdict } from "../contract/verdict.ts";
import { assignment } from "../settings/assignment.ts";
import type { Dict } from "../wamp/payload.ts";
import { isDecision, isPrincipalAnswer, isUpgradeRefusal, isVerdict } from "./answers.ts";
import {
  HooksByName,
  createBailHook,
  createNoticeHook,
  createSeriesHook,
  type Answer,
  type Freeze,
} from "./create-hook.ts";

/** An assignment with a key that is misspelt is refused, so the sentence has all of them. */
const assigned = `whose assignment has at most ${Object.keys(assignment.shape).join(", ")}`;

const verdict: Answer<Verdict> = { expected: `accept(), deny() or challenge(), ${assigned},`, is: isVerdict };

const principal: Answer<PrincipalAnswer> = {
  expected: `credential(), accepted(), denied() or unknown(), ${assigned}, of the right types,`,
  is: isPrincipalAnswer,
};

const refusal: Answer<UpgradeRefusal> = {
  expected: "refuse(status, text, headers), with a status from 300 to 599",
  is: isUpgradeRefusal,
};

const decision: Answer<Decision> = { expected: "{ allow: boolean, disclose?: boolean }", is: isDecision };

/** The hooks of one router. Once `freeze.frozen` is set, no tap can be added. */
export function createRouterHooks(freeze: Freeze, log: Log): RouterHooks {
  const hooks: RouterHooks = {
    upgrade: createBailHook<[UpgradeRequest], UpgradeRefusal>("upgrade", ["request"], refusal, freeze),
    hello: createBailHook<[Hello], Verdict>("hello", ["hello"], verdict, freeze),
    challenge: new HooksByName(
      "challenge",
      (method) => createBailHook<[LoginAttempt], Verdict>(`challenge.${method}`, ["attempt"], verdict, freeze),
      freeze,
    ),
    authenticate: new HooksByName(
      "authenticate",
      (method) =>
        createBailHook<[LoginAttempt, Proof], Verdict>(`authenticate.${method}`, ["attempt", "proof"], verdict, freeze),
      freeze,
    ),
    principal: new HooksByName(
      "principal",
      (type) =>
        createBailHook<[PrincipalQuery, unknown], PrincipalAnswer>(
          `principal.${type}`,
          ["query", "block"],
          principal,
          freeze,
        ),
      freeze,
    ),
    verified: createBailHook<[LoginAttempt, Principal, Proof | null], Verdict>(
      "verified",
      ["attempt", "principal", "proof"],
      verdict,
      freeze,
    ),
    welcome: createSeriesHook<[LoginAttempt, Dict]>("welcome", ["attempt", "details"], freeze),
    joined: createNoticeHook<[SessionInfo, LoginSuccess | null]>("joined", ["session", "login"], freeze, log),
    left: createNoticeHook<[SessionInfo, SessionEnd]>("left", ["session", "end"], freeze, log),
    renewed: createNoticeHook<[SessionInfo]>("renewed", ["session"], freeze, log),
    actionDenied: createNoticeHook<[ActionDenied]>("actionDenied", ["denied"], freeze, log),
    loginFailed: createNoticeHook<[LoginFailure]>("loginFailed", ["refusal"], freeze, log),
    loginEnded: createNoticeHook<[LoginRecord]>("loginEnded", ["record"], freeze, log),
    loginStep: createNoticeHook<[number, LoginStep]>("loginStep", ["session", "step"], freeze, log),
    limitHit: createNoticeHook<[LimitHit]>("limitHit", ["hit"], freeze, log),
    serviceCallEnded: createNoticeHook<[ServiceCallEnd]>("serviceCallEnded", ["call"], freeze, log),
    strategyAnswered: createNoticeHook<[StrategyAnswer]>("strategyAnswered", ["answer"], freeze, log),
    starting: createSeriesHook<[Starting]>("starting", ["starting"], freeze),
    stopped: createNoticeHook<[]>("stopped", [], freeze, log),
    authorize: createBailHook<[AuthorizeQuery], Decision>("authorize", ["query"], decision, freeze),
  };
  return Object.freeze(hooks);
}
