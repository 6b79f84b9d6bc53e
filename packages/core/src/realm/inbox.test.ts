import type { Decision } from "../contract/authorization.ts";
import type { SessionPort } from "../contract/session-port.ts";
import type { MessageOf } from "../wamp/messages.ts";
import { payloadOf } from "../wamp/payload.ts";
import { type InboxRealm, SessionInbox } from "./inbox.ts";
import { Member } from "./member.ts";

const MiB = 1024 * 1024;

let decided: ((decision: Decision) => void)[];
let told: string[];
let inbox: SessionInbox;
beforeEach(() => {
  decided = [];
  told = [];
  const port = {
    info: { session: 1, roles: {} },
    backlog: 0,
    pause: () => told.push("pause"),
    resume: () => told.push("resume"),
    send: () => undefined,
  } as unknown as SessionPort;
  const realm = {
    options: { "request-ids": "off" },
    procedures: new Map(),
    decide: () => new Promise<Decision>((resolve) => decided.push(resolve)),
    dealer: {
      drops: () => false,
      call: (_: Member, { request }: MessageOf<"CALL">) => told.push(`call ${request}`),
    },
  } as unknown as InboxRealm;
  inbox = new SessionInbox(new Member(port, null), realm);
});

function call(request: number, bytes: number, options = {}): void {
  const payload = payloadOf({ args: [new Uint8Array(bytes)] });
  inbox.receive({ type: "CALL", request, options, procedure: "com.a", payload });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("stops reading when messages of 1 MiB wait for an authorizer, and reads on when they are decided", async () => {
  call(1, 10);
  call(2, MiB / 2);
  expect(told).toEqual([]);
  call(3, MiB / 2);
  expect(told).toEqual(["pause"]);
  for (let i = 0; i < 3; i++) {
    decided[i]?.({ allow: true });
    await turn();
  }
  expect(told).toEqual(["pause", "call 1", "call 2", "call 3", "resume"]);
});

it("counts the options of a message, too", () => {
  call(1, 10);
  call(2, 10, { unknown: "x".repeat(MiB) });
  expect(told).toEqual(["pause"]);
});

it("stops reading when 100 small messages wait", () => {
  for (let i = 1; i <= 100; i++) call(i, 1);
  expect(told).toEqual([]);
  call(101, 1);
  expect(told).toEqual(["pause"]);
});
