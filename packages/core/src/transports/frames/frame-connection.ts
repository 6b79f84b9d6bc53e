import type { Connection, ConnectionHandler } from "../../contract/connection.ts";
import type { TransportEntry } from "../../contract/transport.ts";
import type { TransportDetails } from "../../contract/hello.ts";
import type { Log } from "../../contract/log.ts";
import { noTraffic } from "../../limits/traffic.ts";
import type { Traffic } from "../../contract/observers.ts";
import { plain } from "../../serializers/framing.ts";
import type { Framing, Serializer } from "../../serializers/serializer.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { guarded } from "../../wamp/guarded.ts";
import type { Message } from "../../wamp/messages.ts";
import { protocolViolation, TooDeep, TooManyValues, WampError } from "../../errors/wamp-error.ts";
import { endings } from "./endings.ts";
import { HelloAllowance } from "./hello-allowance.ts";
import { type Outgoing, OutgoingFrame, outgoingOf } from "./outgoing.ts";
import type { Subprotocol } from "./subprotocols.ts";

/** How long messages of one connection are handled in one turn of the event loop, in milliseconds. */
const TURN_TIME = 10;

/** After how many messages the clock is read. */
const CLOCK_INTERVAL = 16;

/** Carries the frames of one connection. All methods do nothing if the wire is closed. */
export interface Wire {
  /** @throws WampError if the message cannot be encoded, or is longer than the peer accepts */
  send(frame: OutgoingFrame): void;
  /**
   * Closes after all that was sent is out.
   * @param violation how the client broke the protocol, if it did: WebSocket's close code is then 1002
   */
  close(violation?: string): void;
  /** Closes at once. */
  terminate(): void;
  pause(): void;
  resume(): void;
  /** @see Connection.backlog */
  readonly backlog?: number;
  /** Calls `look` once, when the client has read some of what waits for it. Needed if there is `backlog`. */
  onRoom?(look: () => void): void;
}

/** For connections that no entry has taken yet: nothing passes through them. */
const UNCOUNTED = noTraffic();

/**
 * A connection over any wire that carries frames: messages become frames, frames become messages. The transport calls
 * `received` for each frame, and `gone` at the end.
 */
export class FrameConnection implements Connection {
  readonly details: TransportDetails;
  readonly #serializer: Serializer;
  readonly #outgoing: Outgoing;
  readonly #framing: Framing;
  readonly #wire: Wire;
  readonly #log: Log;
  #handler: ConnectionHandler | null = null;
  #traffic: Traffic = UNCOUNTED;
  #maxDepth: number | undefined;
  #maxValues: number | undefined;
  /** Null before the connection is taken, and after WELCOME. */
  #hello: HelloAllowance | null = null;
  /** Whether frames count before WELCOME, since the transport does not count bytes itself. */
  #countsFrames = true;
  /** The handler gets nothing more: the peer broke the protocol, or this side has closed. */
  #deaf = false;
  #closing = false;
  #paused = false;
  /** Whether reading is paused until the client has read: it asks for more answers than it reads. */
  #choked = false;
  #draining = false;
  /** Whether the messages that wait are handled in the next turn of the event loop. */
  #yielding = false;
  /** Frames with messages that are not handled yet: a paused wire may still deliver what it has read before. */
  #waiting: Iterator<Uint8Array>[] = [];

  constructor(details: TransportDetails, subprotocol: Subprotocol, wire: Wire, log: Log) {
    this.details = details;
    this.#serializer = subprotocol.serializer;
    this.#outgoing = outgoingOf(subprotocol.serializer);
    this.#framing = subprotocol.framing();
    this.#wire = wire;
    this.#log = log;
  }

  /**
   * Passes the connection to its entry, which takes it.
   *
   * @param hello the allowance, if the transport itself counts all bytes before WELCOME; default: the frames' bytes
   * count
   */
  open(entry: Pick<TransportEntry, "accept" | "traffic" | "limits">, hello: HelloAllowance | null = null): void {
    const { accept, traffic, limits } = entry;
    this.#traffic = traffic;
    this.#maxDepth = limits["max-depth"];
    this.#maxValues = limits["max-values"];
    this.#hello = hello ?? new HelloAllowance(limits["max-hello-size"]);
    this.#countsFrames = hello === null;
    this.#guarded(() => {
      this.#handler = accept(this);
    });
  }

  /** A frame came. */
  received(frame: Uint8Array, binary: boolean): void {
    if (this.#deaf) return;
    this.#traffic.bytesReceived += frame.length;
    if (this.#hello !== null && !this.#mayCome(frame.length, this.#hello)) return this.exceededHello();
    if (binary !== this.#serializer.binary) {
      this.#violated(
        protocolViolation(`a ${binary ? "binary" : "text"} frame, but ${this.details.protocol} was agreed`),
      );
      return;
    }
    if (this.#framing === plain && this.#waiting.length === 0 && !this.#isPaused() && !this.#draining) {
      this.#decode(frame);
      return;
    }
    this.#waiting.push(this.#framing.split(frame)[Symbol.iterator]());
    this.#drain();
  }

  /**
   * The peer has sent more than it may before WELCOME. It gets ABORT unless the connection is closing already, and
   * nothing more is read from it. The transport may destroy the wire as soon as the ABORT is out.
   */
  exceededHello(): void {
    if (this.#hello !== null && !this.#deaf) this.#refuseHello(this.#hello);
    this.#wire.pause();
  }

  /** The peer has broken the protocol of the transport itself, which is about to close the wire. */
  violated(what: string): void {
    if (!this.#deaf) this.#violated(protocolViolation(what));
  }

  /** The wire is closed. The handler is told, perhaps in a later turn of the event loop. */
  gone(): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#closing = true;
    this.#deafen();
    if (handler === null) return;
    endings.run(
      () => handler.closed(),
      (error) => this.#broken(error),
    );
  }

  /** The wire is about to close, since the peer has hit a limit. */
  limited(limit: string, message: string): void {
    this.#guarded(() => this.#handler?.limited(limit, message));
  }

  get backlog(): number {
    return this.#wire.backlog ?? 0;
  }

  /** None of the bytes that wait for the client has left within `send-timeout`: the client is gone, or stopped. */
  stalled(buffered: number): void {
    this.limited("send-timeout", `disconnected a client that took none of the ${buffered} bytes that wait for it`);
    this.#wire.terminate();
  }

  /** Too many bytes wait for all clients together, and most of them for this one. */
  overflowed(buffered: number): void {
    const what = `disconnected the client for which the most bytes wait, ${buffered}`;
    this.limited("max-buffered-total", `${what}: more than max-buffered-total wait for all clients together`);
    this.#wire.terminate();
  }

  send(message: Message): void {
    if (this.#closing) return;
    try {
      const frame = this.#outgoing.frame(message);
      if (this.#framing === plain) this.#wire.send(frame);
      else this.#wire.send(new OutgoingFrame(this.#serializer, this.#framing.join([frame.bytes])));
      this.#traffic.messagesSent++;
      this.#traffic.bytesSent += frame.length;
      if (this.#hello !== null) this.#answered(message, this.#hello);
    } catch (error) {
      if (WampError.is(error)) throw error;
      // If a serializer fails, the receiver ends, not the sender.
      this.#broken(error);
      const text = `${message.type} could not be sent: the serializer of its receiver failed`;
      throw new WampError(ErrorUri.invalidArgument, text);
    }
  }

  close(violation?: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#deafen();
    this.#wire.resume(); // the peer's side of the closing must be read
    this.#wire.close(violation);
  }

  pause(): void {
    if (this.#closing) return;
    this.#paused = true;
    this.#wire.pause();
  }

  resume(): void {
    if (this.#closing) return;
    this.#paused = false;
    this.#goOn();
  }

  #goOn(): void {
    this.#drain();
    if (!this.#isPaused()) this.#wire.resume();
  }

  #mayCome(length: number, hello: HelloAllowance): boolean {
    return length <= hello.size && (!this.#countsFrames || hello.spend(length));
  }

  #answered({ type }: Message, hello: HelloAllowance): void {
    if (type === "CHALLENGE") hello.grant();
    if (type !== "WELCOME") return;
    this.#hello = null;
    hello.end();
  }

  #refuseHello(hello: HelloAllowance): void {
    const what = `more than ${hello.size} bytes for one message before the login was complete`;
    const todo = "raise max-hello-size if your clients send a large authextra or ticket";
    this.limited("max-hello-size", `disconnected a client that sent ${what}; ${todo}`);
    this.#violated(protocolViolation(`the client sent ${what}`));
  }

  /** Handles messages that have come, until there are none, the connection is paused, or the time of this turn is up. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    const end = performance.now() + TURN_TIME;
    for (let count = 1; !this.#isPaused() && this.#waiting[0] !== undefined; count++) {
      this.#deliverNext(this.#waiting[0]);
      if (count % CLOCK_INTERVAL === 0 && !this.#closing && performance.now() > end) this.#yield();
    }
    this.#draining = false;
  }

  /** Lets other connections have their turn: one batch can hold millions of messages. */
  #yield(): void {
    this.#yielding = true;
    this.#wire.pause();
    const goOn = guarded(
      () => {
        this.#yielding = false;
        if (!this.#closing) this.#goOn();
      },
      (error) => this.#broken(error),
    );
    setImmediate(goOn);
  }

  #deliverNext(frame: Iterator<Uint8Array>): void {
    let next: IteratorResult<Uint8Array>;
    try {
      next = frame.next();
    } catch (error) {
      this.#violated(error);
      return;
    }
    if (next.done === true) this.#waiting.shift();
    else this.#decode(next.value);
  }

  #decode(bytes: Uint8Array): void {
    let message: Message;
    try {
      message = this.#serializer.decode(bytes, this.#maxDepth, this.#maxValues);
    } catch (error) {
      this.#violated(error);
      return;
    }
    this.#traffic.messagesReceived++;
    try {
      this.#handler?.message(message);
      if (this.backlog > 1 && wantsAnswer(message)) this.#choke();
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Stops reading until the client has read its answers. Only this client waits. */
  #choke(): void {
    if (this.#choked || this.#closing) return;
    this.#choked = true;
    this.#wire.pause();
    const look = (): void => {
      if (this.#closing) return;
      if (this.backlog > 1) return this.#wire.onRoom?.(guarded(look, (error) => this.#broken(error)));
      this.#choked = false;
      this.#goOn();
    };
    look();
  }

  #violated(error: unknown): void {
    this.#deafen();
    if (error instanceof TooDeep) this.limited("max-depth", `ended a session: ${error.message}`);
    if (error instanceof TooManyValues) this.limited("max-values", `ended a session: ${error.message}`);
    if (!WampError.is(error)) this.#log.error({ err: error }, `serializer "${this.#serializer.name}" failed`);
    const violation = WampError.is(error) ? error : protocolViolation("the frame could not be decoded");
    this.#guarded(() => this.#handler?.violation(violation));
  }

  /** If a handler throws, only its own connection ends. */
  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    this.#closing = true;
    this.#log.error({ err: error, peer: this.details.peer }, "a connection was ended by an error of the router");
    this.#deafen();
    this.#wire.terminate();
  }

  #deafen(): void {
    this.#deaf = true;
    this.#waiting = [];
  }

  /** A method, since every call of the handler may change the answer. */
  #isPaused(): boolean {
    return this.#paused || this.#choked || this.#yielding;
  }
}

/**
 * Whether the router answers a client's message. YIELD and ERROR are answers for others, and are read from slow clients
 * too.
 */
function wantsAnswer(message: Message): boolean {
  switch (message.type) {
    case "YIELD":
    case "ERROR":
      return false;
    case "PUBLISH":
      return message.options["acknowledge"] === true;
    default:
      return true;
  }
}
