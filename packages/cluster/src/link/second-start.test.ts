import { setTimeout as wait } from "node:timers/promises";
import { z } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import type { Receiver } from "../carrier.ts";
import { MemoryCarriers } from "../memory/memory-carriers.ts";
import { startLink } from "./cluster-link.ts";
import { type Content, contentOf } from "./content.ts";
import { Kind, NO_PAIR, readEnvelope, writeEnvelope } from "./envelope.ts";
import { linkOptions } from "./options.ts";

// A node was given up, its name was taken by another process, and the first process lives after all.

const OPTIONS = z.strictObject(linkOptions).parse({ heartbeat: 20, "dead-after": 500 });

const noop = (): void => undefined;

/** A process that has the name of a node, and says of itself what the test lets it say. */
class Process {
  readonly #incarnation: string;
  readonly #epoch: number;
  readonly #to: Receiver;
  /** What the node at the other end calls its end of the pair. */
  #peerEpoch = 0;

  constructor(incarnation: string, epoch: number, to: Receiver) {
    this.#incarnation = incarnation;
    this.#epoch = epoch;
    this.#to = to;
  }

  hello(): void {
    this.#say(contentOf(Kind.hello, { incarnation: this.#incarnation }), 0, 0);
  }

  /** @param answer what the other end has sent @returns by which number that end knows the pair; 0: not yet */
  open(answer?: Uint8Array): number {
    this.#peerEpoch = (answer && readEnvelope(Buffer.from(answer))?.epoch) ?? 0;
    this.#say(contentOf(Kind.open, { incarnation: this.#incarnation, wasGone: false }), this.#epoch, this.#peerEpoch);
    return this.#peerEpoch;
  }

  bye(): void {
    this.#say(contentOf(Kind.bye, { incarnation: this.#incarnation }), this.#epoch, this.#peerEpoch);
  }

  #say(content: Content, epoch: number, peerEpoch: number): void {
    this.#to.received("a", writeEnvelope(content, { ...NO_PAIR, epoch, peerEpoch }));
  }
}

/** What node b has sent to the node a, whichever process has that name. */
let sent: Uint8Array[];
const network = new MemoryCarriers();
const names = network.open("a");
beforeAll(() => {
  const received = (_from: string, bytes: Uint8Array): number => sent.push(bytes);
  names.start({ received, ended: noop, absent: noop, disconnected: noop, connected: noop });
});
afterAll(() => names.close());

/** Starts node b. */
async function start() {
  const log = new CapturedLog();
  const carrier = network.open("b");
  let receiver: Receiver | undefined;
  const given = carrier.start.bind(carrier);
  carrier.start = (one) => given((receiver = one));
  const link = await startLink(carrier, OPTIONS, log);
  link.attach({ announcements: () => [], announced: () => true });
  await link.ready();
  const logged = (): string[] =>
    log.lines.flatMap(({ message }) => (message.startsWith("another node") ? [message] : []));
  return { receiver: receiver as unknown as Receiver, logged, close: () => link.close() };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await wait(5);
}

/** Begins a pair with node b. @returns the number by which that node knows it */
async function meet(process: Process): Promise<number> {
  sent = [];
  process.open();
  const asked = (): Uint8Array | undefined => sent.find((bytes) => bytes[1] === Kind.open);
  await until(() => asked() !== undefined);
  return process.open(asked());
}

it("the process that was given up is not heard while the other one is there, and is heard when that one is gone", async () => {
  const { receiver, logged, close } = await start();
  const [first, second] = [new Process("first", 11, receiver), new Process("second", 12, receiver)];
  await meet(first);
  await until(() => logged().length >= 2);
  expect(logged()).toEqual(["another node has joined", "another node is gone: it says nothing"]);

  await meet(second);
  first.hello();
  first.open();
  first.bye();
  expect(logged().slice(2)).toEqual(["another node has joined"]);

  await until(() => logged().length >= 4);
  expect(logged()[3]).toBe("another node is gone: it says nothing");
  await meet(first);
  expect(logged()).toHaveLength(5);
  await close();
});

it("two processes of a node know their pairs by other numbers, so that none takes what was sent to the other one", async () => {
  const numbers: number[] = [];
  for (const incarnation of ["first", "second"]) {
    const { receiver, close } = await start();
    numbers.push(await meet(new Process(incarnation, 11, receiver)));
    await close();
  }
  expect(numbers[0]).not.toBe(numbers[1]);
});
