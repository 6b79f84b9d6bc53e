import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import type { WireMessage } from "@wampgate/plugin-testkit";
import fc from "fast-check";
import { runs } from "../jest/runs.ts";
import { Bystander, FORMATS } from "./support/bystander.ts";
import { type Carrier, CARRIERS, type Frame, say } from "./support/carriers.ts";
import { AUTH, type Recorded, recorded } from "./support/conversations.ts";
import { type Edit, edited, edits, FUZZ_TIME } from "./support/fuzz.ts";
import { connectRaw } from "./support/raw-client.ts";
import { RouterProcess } from "./support/router-process.ts";

// Real conversations, spoilt on their way: the router lets others in as before, serves those who have done nothing, sends
// them nothing that is not right, and has nothing to complain of.

jest.setTimeout(FUZZ_TIME);

/** One thing that goes wrong on the way. Numbers count round. */
type Mishap =
  | { readonly kind: "drop" | "double"; readonly at: number }
  | { readonly kind: "swap"; readonly at: number; readonly other: number }
  | { readonly kind: "number"; readonly at: number; readonly which: number; readonly value: unknown }
  | { readonly kind: "head"; readonly at: number; readonly value: number }
  | { readonly kind: "length"; readonly at: number; readonly value: number }
  | { readonly kind: "payload" | "bytes"; readonly at: number; readonly changes: readonly Edit[] };

const at = fc.nat(1000);
const mishaps: fc.Arbitrary<Mishap[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom("drop" as const, "double" as const), at }),
    fc.record({ kind: fc.constant("swap" as const), at, other: at }),
    fc.record({
      kind: fc.constant("number" as const),
      at,
      which: fc.nat(3),
      value: fc.constantFrom<unknown>(0, 1, 2, 3, 5, 6, -1, 1.5, 2 ** 53, 2 ** 60, "1", null, [], {}),
    }),
    fc.record({ kind: fc.constant("head" as const), at, value: fc.nat(255) }),
    fc.record({
      kind: fc.constant("length" as const),
      at,
      value: fc.oneof(fc.nat(200), fc.constantFrom(126, 0xffff, 0x1_0000, 2 ** 24 - 1, 2 ** 31, 2 ** 53 - 1)),
    }),
    fc.record({ kind: fc.constant("payload" as const), at, changes: edits }),
    fc.record({ kind: fc.constant("payload" as const), at, changes: edits }),
    fc.record({ kind: fc.constant("bytes" as const), at, changes: edits }),
  ),
  { minLength: 1, maxLength: 4 },
);

/** What goes over the wire: a list of pieces, as lists of what is each still open to change. */
function spoilt({ pieces }: Recorded, carrier: Carrier, all: readonly Mishap[]): Buffer[] {
  let said = pieces.flatMap((messages, piece) => messages.map((message) => ({ message, piece })));
  for (const mishap of all) {
    const i = mishap.at % Math.max(said.length, 1);
    const here = said[i];
    if (here === undefined) continue;
    if (mishap.kind === "drop") said = said.filter((one) => one !== here);
    if (mishap.kind === "double") said = said.toSpliced(i, 0, { ...here });
    if (mishap.kind === "swap") {
      const j = mishap.other % said.length;
      const there = said[j] ?? here;
      said = said.with(i, { ...here, message: there.message }).with(j, { ...there, message: here.message });
    }
    if (mishap.kind === "number") said = said.with(i, { ...here, message: withNumber(here.message, mishap) });
  }
  const frames = said.map(({ message, piece }) => ({ frame: carrier.frame(message), piece }));
  for (const mishap of all) {
    const i = mishap.at % Math.max(frames.length, 1);
    const here = frames[i];
    if (here !== undefined) frames[i] = { ...here, frame: misframed(here.frame, mishap) };
  }
  const bytes = pieces.map((_messages, piece) =>
    Buffer.concat(frames.filter((one) => one.piece === piece).map(({ frame }) => carrier.bytes(frame))),
  );
  const whole: Buffer[] = [carrier.opening, ...bytes];
  for (const mishap of all) {
    const i = mishap.at % whole.length;
    if (mishap.kind === "bytes") whole[i] = edited(whole[i] ?? Buffer.alloc(0), mishap.changes);
  }
  return whole;
}

function withNumber(message: WireMessage, { which, value }: Mishap & { kind: "number" }): WireMessage {
  const numbers = message.flatMap((field, i) => (typeof field === "number" ? [i] : []));
  const i = numbers[which % numbers.length] ?? 0;
  return message.map((field, j) => (i === j ? value : field)) as unknown as WireMessage;
}

function misframed(frame: Frame, mishap: Mishap): Frame {
  if (mishap.kind === "head") return { ...frame, head: mishap.value };
  if (mishap.kind === "length") return { ...frame, length: mishap.value };
  if (mishap.kind !== "payload") return frame;
  const payload = edited(frame.payload, mishap.changes);
  return { ...frame, payload, length: payload.length };
}

/** The level of an error in a log line. */
const PINO_ERROR = 50;

let router: RouterProcess;
let bystanders: Bystander[];
let conversations: Recorded[];
let checks = 0;

beforeAll(async () => {
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
  router = await RouterProcess.start({
    plugins: ["@wampgate/auth-anonymous", "@wampgate/auth-ticket", "@wampgate/auth-wampcra"],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      { type: "websocket", endpoint, "max-message-size": 65536, auth: AUTH },
      { type: "rawsocket", endpoint, "max-message-size": 65536, auth: AUTH },
    ],
  });
  bystanders = await Promise.all(FORMATS.map((format) => Bystander.join(router.urls[0] ?? "", format)));
  await bystanders[1]?.register("com.bystander.echo");
  for (const bystander of bystanders) await bystander.subscribe("com.", "prefix");
  conversations = await recorded(router.urls[0] ?? "");
}, 30_000);

/** Whether the innocent are served: a call between them, and an event to each. */
async function innocentAreServed(): Promise<void> {
  const value = `check ${++checks}`;
  const [first, ...others] = bystanders;
  const called = first?.call("com.bystander.echo", value);
  const published = called?.then(() => first?.publish("com.bystander.news", value));
  const [echo] = await Promise.all([called, published, ...others.map((bystander) => bystander.event(value))]);
  expect(echo).toBe(value);
}

/** How long a client waits for an answer that may not come: until the innocent have been served a few times. */
async function aWhile(): Promise<void> {
  for (let i = 0; i < 3; i++) await innocentAreServed();
}

const forever = (): Promise<void> => new Promise(() => undefined);

async function routerIsWell(): Promise<void> {
  await innocentAreServed();
  const client = await connectRaw(router.urls[0] ?? "");
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate("open sesame");
  await client.welcomed();
  client.socket.terminate();
  await client.closed;
  expect(bystanders.flatMap(({ wrongs }) => wrongs)).toEqual([]);
  expect([...router.complaints, ...router.log.filter(({ level }) => Number(level) >= PINO_ERROR)]).toEqual([]);
}

const portOf = ({ transport }: Carrier): number =>
  Number(new URL((router.urls[transport === "websocket" ? 0 : 1] ?? "").replace(/^\w+:/, "http:")).port);

describe.each(CARRIERS)("$name", (carrier) => {
  it("the conversations are understood as they were recorded", async () => {
    for (const conversation of conversations) {
      const heard = await say(portOf(carrier), spoilt(conversation, carrier, []), forever);
      // A proof of WAMP-CRA is worth nothing when it is said again.
      expect(heard.toString("latin1")).toContain(
        conversation.name.includes("challenge") ? "authentication_denied" : "authprovider",
      );
    }
    await routerIsWell();
  });

  it(
    "a spoilt conversation costs nobody else anything",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), mishaps, async (which, all) => {
          const conversation = conversations[which % conversations.length] as Recorded;
          await say(portOf(carrier), spoilt(conversation, carrier, all), aWhile);
          await routerIsWell();
        }),
        { ...runs(60), endOnFailure: true },
      );
    },
    FUZZ_TIME,
  );
});

/** What a client said, piece by piece, that the router did not bear once. */
interface Kept {
  readonly why: string;
  readonly carrier: string;
  readonly pieces: readonly string[];
}

const KEPT = JSON.parse(readFileSync(join(import.meta.dirname, "corpus/conversations.json"), "utf8")) as Kept[];

it.each(KEPT)("what broke once breaks nothing: $why", async ({ carrier, pieces }) => {
  const by = CARRIERS.find(({ name }) => name === carrier) as Carrier;
  await say(
    portOf(by),
    pieces.map((hex) => Buffer.from(hex, "hex")),
    aWhile,
  );
  await routerIsWell();
});

it("ends in order after all of it", async () => {
  for (const bystander of bystanders) bystander.leave();
  expect(await router.stop()).toBe(0);
});
