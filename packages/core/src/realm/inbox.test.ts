import type { Decision } from "../contract/authorization.ts";
import type { SessionPort } from "../contract/session-port.ts";
import type { MessageOf } from "../wamp/messages.ts";
import { refusal } from "../errors/wamp-error.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { payloadOf } from "../wamp/payload.ts";
import { type InboxRealm, SessionInbox } from "./inbox.ts";
import { Member } from "./member.ts";

const MiB = 1024 * 1024;

let decided: ((decision: Decision) => void)[];
let told: string[];
let inbox: SessionInbox;
/** Events that the network between the nodes has got, or has not. */
let taken: { resolve: () => void; reject: (error: Error) => void }[];
beforeEach(() => {
  decided = [];
  told = [];
  taken = [];
  const port = {
    info: { session: 1, roles: {} },
    backlog: 0,
    pause: () => told.push("pause"),
    resume: () => told.push("resume"),
    send: ({ type, request }: MessageOf<"ERROR">) => told.push(`${type} ${request}`),
  } as unknown as SessionPort;
  const realm = {
    options: { "request-ids": "off" },
    procedures: new Map(),
    decide: (_: Member, { action }: { action: string }) =>
      action === "publish" ? { allow: true } : new Promise<Decision>((resolve) => decided.push(resolve)),
    broker: {
      publish: () => new Promise<void>((resolve, reject) => taken.push({ resolve, reject })),
    },
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

function publish(request: number): void {
  inbox.receive({ type: "PUBLISH", request, options: { acknowledge: true }, topic: "com.a" });
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

it("handles the next event only when the network has one of the 1000 that wait for it, and then goes on", async () => {
  for (let i = 1; i <= 1100; i++) publish(i);
  expect(taken).toHaveLength(1000);
  expect(told).toEqual(["pause"]);
  for (const { resolve } of taken.slice(0, 999)) resolve();
  taken[999]?.reject(refusal(ErrorUri.networkFailure, "it may be lost"));
  await turn();
  expect(taken).toHaveLength(1100);
  expect(told).toEqual(["pause", "ERROR 1000", "resume"]);
});

it("counts events that the network has not got as those that it has", async () => {
  for (let round = 0; round < 3; round++) {
    for (let i = 1; i <= 999; i++) publish(i);
    expect(told.includes("pause")).toBe(false);
    for (const { reject } of taken.splice(0)) reject(refusal(ErrorUri.networkFailure, "it may be lost"));
    await turn();
  }
  expect(told).toHaveLength(3 * 999);
});
