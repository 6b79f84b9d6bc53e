import { createHmac } from "node:crypto";
import { Code } from "@wampgate/core";
import type { WireMessage } from "@wampgate/plugin-testkit";
import { connectRaw } from "./raw-client.ts";

const ROLES = Object.fromEntries(
  ["publisher", "subscriber", "caller", "callee"].map((role) => [
    role,
    { features: { call_canceling: true, progressive_call_results: true, progressive_call_invocations: true } },
  ]),
);

/** What a client says, and what it waits for before it says more. */
interface Talk {
  readonly send: (...message: WireMessage) => void;
  readonly answer: (code: number) => Promise<WireMessage>;
}

/** A principal's ticket, and another's secret, as the config of the conversations has them. */
export const AUTH = {
  anonymous: { type: "static", role: "user" },
  ticket: { type: "static", principals: { joe: { ticket: "open sesame", role: "user" } } },
  wampcra: { type: "static", users: { pia: { secret: "pepper", role: "user" } } },
};

const hello = (authmethod: string, authid: string): WireMessage => [
  Code.HELLO,
  "realm1",
  { roles: ROLES, authid, authmethods: [authmethod] },
];

const CONVERSATIONS: Readonly<Record<string, (talk: Talk) => Promise<void>>> = {
  async "events, after a ticket"({ send, answer }) {
    send(...hello("ticket", "joe"));
    await answer(Code.CHALLENGE);
    send(Code.AUTHENTICATE, "open sesame", {});
    await answer(Code.WELCOME);
    send(32, 1, {}, "com.fuzz.topic");
    const [, , subscription] = await answer(33);
    send(32, 2, { match: "wildcard", get_retained: true }, "com..topic");
    await answer(33);
    send(16, 3, { acknowledge: true, exclude_me: false, retain: true }, "com.fuzz.topic", [1, "two", { a: [] }], {
      k: null,
    });
    await answer(17);
    send(16, 4, { exclude: [1, 2], eligible_authrole: ["user"], disclose_me: true }, "com.bystander.news", [0]);
    send(34, 5, subscription);
    await answer(35);
    send(Code.GOODBYE, {}, "wamp.close.close_realm");
    await answer(Code.GOODBYE);
  },
  async "calls to itself, after a challenge"({ send, answer }) {
    send(...hello("wampcra", "pia"));
    const [, , extra] = await answer(Code.CHALLENGE);
    const { challenge } = extra as { challenge: string };
    send(Code.AUTHENTICATE, createHmac("sha256", "pepper").update(challenge).digest("base64"), {});
    await answer(Code.WELCOME);
    send(...CALLS[0]);
    const [, , registration] = await answer(65);
    for (const call of CALLS.slice(1)) send(...call);
    await answer(50);
    send(66, 9, registration);
    await answer(67);
  },
  async "calls to itself and to others"({ send, answer }) {
    send(...hello("anonymous", "nobody"));
    await answer(Code.WELCOME);
    send(...CALLS[0]);
    await answer(65);
    for (const call of CALLS.slice(1)) send(...call);
    await answer(50);
    send(48, 5, { receive_progress: true, timeout: 500 }, "com.bystander.echo", [{ a: [1, 2] }], { key: "value" });
    await answer(50);
    send(48, 6, { progress: true }, "com.bystander.echo", [1]);
    send(48, 6, {}, "com.bystander.echo", [2]);
    send(49, 6, { mode: "killnowait" });
    send(48, 7, {}, "wamp.session.add_testament", ["com.bystander.news", [-1], {}]);
    send(48, 8, {}, "wamp.session.list");
    send(48, 9, {}, "wamp.registration.match", ["com.bystander.echo"]);
    await answer(50);
    send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
  },
};

/** A registration, calls to it, and their answers: a session's invocations are numbered from 1. */
const CALLS: [WireMessage, ...WireMessage[]] = [
  [64, 1, { invoke: "roundrobin" }, "com.fuzz.own"],
  [48, 2, { receive_progress: true }, "com.fuzz.own", ["a"], { b: 1 }],
  [70, 1, { progress: true }, [1]],
  [70, 1, {}, [2], { c: true }],
  [48, 3, {}, "com.fuzz.own"],
  [8, 68, 2, {}, "com.fuzz.error", ["why"], {}],
  [48, 4, {}, "com.fuzz.own"],
  [49, 4, { mode: "kill" }],
  [70, 3, {}, []],
];

/** A conversation as it was held: the client's messages, in the pieces it sent without waiting for an answer. */
export interface Recorded {
  readonly name: string;
  readonly pieces: readonly (readonly WireMessage[])[];
}

/** Holds each conversation with the router at `url`, and gives what the client said in it. */
export async function recorded(url: string): Promise<Recorded[]> {
  const all: Recorded[] = [];
  for (const [name, hold] of Object.entries(CONVERSATIONS)) {
    const client = await connectRaw(url);
    const pieces: WireMessage[][] = [[]];
    const send: Talk["send"] = (...message) => {
      pieces.at(-1)?.push(message);
      client.send(...message);
    };
    const answer: Talk["answer"] = async (code) => {
      for (;;) {
        const message = await client.next();
        if (message[0] !== code) continue;
        pieces.push([]);
        return message;
      }
    };
    await hold({ send, answer });
    client.socket.terminate();
    await client.closed;
    all.push({ name, pieces: pieces.filter(({ length }) => length > 0) });
  }
  return all;
}
