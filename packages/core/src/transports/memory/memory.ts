import { setImmediate } from "node:timers"; // not the global one, which a test may have faked
import { WampgateError } from "../../errors/wampgate-error.ts";
import { defineTransport } from "../../plugins/define.ts";
import type { ClientCertificate } from "../../contract/hello.ts";
import type { OpenEntry, TransportContext, TransportEntry } from "../../contract/transport.ts";
import { type Channel, transportDetails } from "../net/details.ts";
import { FrameConnection } from "../frames/frame-connection.ts";
import { type MemoryOptions, memorySchema } from "./settings.ts";
import { choose, type Subprotocol, subprotocolsOf } from "../frames/subprotocols.ts";

/** The other end of a connection within the process: frames as a WebSocket would carry them, never in the same turn. */
export interface MemoryClient {
  /** A string as a text frame, bytes as a binary one. Does nothing if the connection is closed. */
  send(frame: string | Uint8Array): void;
  /** Frames that come while it is null are lost. */
  onframe: ((frame: string | Uint8Array) => void) | null;
  onclose: (() => void) | null;
  close(): void;
  readonly closed: boolean;
}

export interface MemoryConnectOptions {
  /** The entry to connect to; default: the first. */
  readonly name?: string;
  /** Default: `wamp.2.json`. */
  readonly protocol?: string;
  /** The HTTP headers that an authenticator sees, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's certificate, as if TLS had checked it; default: none. */
  readonly certificate?: ClientCertificate;
}

/** An open entry of type `memory`. */
export interface MemoryEntry extends OpenEntry {
  readonly name: string;
  /** @throws WampgateError if it does not speak the protocol, or is closed */
  connect(options?: Omit<MemoryConnectOptions, "name">): MemoryClient;
}

/**
 * Connects clients in the same process, for tests and for `router.connect()`: without a network, otherwise like a
 * WebSocket.
 */
export const memory = defineTransport<MemoryOptions>({
  type: "memory",
  schema: memorySchema,
  open: openInMemory,
  conflicts: (entries) =>
    entries.flatMap(({ name }, index) =>
      entries.findIndex((other) => other.name === name) === index
        ? []
        : [{ index, message: `an earlier memory transport is named "${name}"; give one another name` }],
    ),
});

/** Whether an entry was opened by `memory`. */
export function isMemoryEntry(entry: OpenEntry): entry is MemoryEntry {
  return "connect" in entry;
}

function openInMemory(entry: TransportEntry<MemoryOptions>, context: TransportContext): MemoryEntry {
  const subprotocols = subprotocolsOf(context.serializers);
  const open = new Set<() => void>();
  const { name } = entry.options;
  let isClosed = false;
  return {
    name,
    url: () => `memory:${name}`,
    connect({ protocol = "wamp.2.json", headers = {}, certificate } = {}) {
      const subprotocol = choose([protocol], subprotocols);
      if (isClosed) throw new WampgateError("WG_CONNECT", "the memory transport has stopped");
      if (subprotocol === undefined)
        throw new WampgateError("WG_CONNECT_PROTOCOL", `the memory transport does not speak "${protocol}"`);
      const known = { headers, certificate: () => certificate ?? null };
      return link(entry, subprotocol, known, context, open);
    },
    async close() {
      isClosed = true;
      for (const end of open) end();
      await new Promise((resolve) => setImmediate(resolve)); // after all pending steps
    },
  };
}

/** Links a client to a connection. Everything passes by `setImmediate`, which keeps the order. */
function link(
  entry: TransportEntry<MemoryOptions>,
  subprotocol: Subprotocol,
  known: Pick<Channel, "headers" | "certificate">,
  { log }: TransportContext,
  open: Set<() => void>,
): MemoryClient {
  let closed = false;
  let ending = false;
  const client: MemoryClient = {
    onframe: null,
    onclose: null,
    send(frame) {
      if (closed) return;
      const bytes = Buffer.from(frame);
      setImmediate(() => connection.received(bytes, typeof frame !== "string"));
    },
    close() {
      closed = true;
      end();
    },
    get closed() {
      return closed;
    },
  };
  const end = (): void => {
    if (ending) return;
    ending = true;
    setImmediate(() => {
      closed = true;
      open.delete(end);
      connection.gone();
      client.onclose?.();
    });
  };
  const connection = new FrameConnection(
    transportDetails({ type: "memory", carrier: "memory", peer: "memory", subprotocol, ...known }),
    subprotocol,
    {
      send({ bytes, binary }) {
        setImmediate(() => {
          if (!closed) client.onframe?.(binary ? bytes : Buffer.from(bytes).toString());
        });
      },
      close: end,
      terminate: end,
      pause() {}, // the connection keeps what comes while it is paused
      resume() {},
    },
    log,
  );
  open.add(end);
  connection.open(entry);
  return client;
}
