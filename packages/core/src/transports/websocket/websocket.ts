import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Server, type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { defineTransport } from "../../plugins/define.ts";
import type {
  EntryEndpoint,
  OpenEntry,
  TransportContext,
  TransportEntry,
  UpgradeHandler,
} from "../../contract/transport.ts";
import type { TransportDetails } from "../../contract/hello.ts";
import type { WaitingBytes } from "../../contract/waiting-bytes.ts";
import { plainHeaders, transportDetails } from "../net/details.ts";
import { FrameConnection } from "../frames/frame-connection.ts";
import { countUntilWelcome } from "../frames/hello-allowance.ts";
import { ClientSocket, type Owner } from "./client-socket.ts";
import { agreementOn } from "./compression/agreement.ts";
import { CompressingWire, Compressor } from "./compression/compressing-wire.ts";
import type { Refusal } from "./compression/frame-inflater.ts";
import { InflatingSocket } from "./compression/inflating-socket.ts";
import { refuse } from "../net/http-refusal.ts";
import { AskedUpgrades, type UpgradeAdditions } from "../net/asked-upgrades.ts";
import { KeepAlive } from "./keep-alive.ts";
import { destroySoon } from "../net/linger.ts";
import { Origins, takesCookies } from "./origins.ts";
import { SlowConnection } from "../frames/slow-connection.ts";
import { choose, type Subprotocol, type Subprotocols, subprotocolsOf } from "../frames/subprotocols.ts";
import { SmallFrames } from "./small-frames.ts";
import { type WebSocketOptions, websocketSchema } from "./settings.ts";
import { WebSocketWire } from "./wire.ts";

/** How long a client may take to answer a closing frame, in milliseconds. */
const CLOSE_TIME = 2000;

/**
 * The smallest pieces of the largest message. ws keeps an object for each piece of an incomplete message, so that
 * pieces of one byte or none would cost a hundred times what was sent. FRAGMENT: bytes of a fragment (RFC 6455 section
 * 5.4). SEGMENT: bytes of what TCP delivers at once (RFC 9293 section 3.7.1: 536).
 */
const FRAGMENT = 1024;
const SEGMENT = 512;
/** So a small message may come in pieces of any size. */
const MIN_PIECES = 1024;

/** How many PONGs may wait for a client that sends PINGs and does not read. */
const PENDING_PONGS = 60;

/** WAMP over WebSocket. */
export const websocket = defineTransport<WebSocketOptions>({
  type: "websocket",
  schema: websocketSchema,
  accepts: (options) => ({ upgrade: options.path, maxHeaderSize: options["max-header-size"] }),
  needs: ({ serializers }) => ({ serializers }),
  open,
});

/** What plugins add to the answers 101: ws gives a listener the request alone. */
const headersOf = new WeakMap<IncomingMessage, readonly string[]>();

/** An entry of the config, with what its next connections get. */
interface ServedEntry extends Owner {
  readonly entry: TransportEntry<WebSocketOptions>;
  readonly endpoint: EntryEndpoint;
  readonly subprotocols: Subprotocols;
  readonly asked: AskedUpgrades;
  server: Server<typeof ClientSocket>;
  keepAlive: KeepAlive;
  /** Null if the entry has no compression. */
  compressor: Compressor | null;
}

function open(entry: TransportEntry<WebSocketOptions>, context: TransportContext): OpenEntry {
  const { endpoint } = context;
  const subprotocols = subprotocolsOf(context.serializers, entry.options.serializers);
  const served: ServedEntry = {
    entry,
    endpoint,
    subprotocols,
    asked: new AskedUpgrades(context),
    clients: new Set(),
    log: context.log,
    ...preparedFor(entry.options, subprotocols),
  };
  return {
    url: () => endpoint.url("ws", entry.options.path),
    upgrade: upgradeOf(served, context),
    configure() {
      Object.assign(served, preparedFor(entry.options, subprotocols));
      return [];
    },
    async close() {
      served.asked.close();
      const ended = [...served.clients].map((ws) => new Promise((resolve) => ws.once("close", resolve)));
      for (const ws of served.clients) ws.terminate();
      await Promise.all(ended);
    },
  };
}

/** What is made of the settings once, for all connections to come. */
function preparedFor(options: WebSocketOptions, subprotocols: Subprotocols) {
  const { compression } = options;
  return {
    server: webSocketServer(options, subprotocols),
    keepAlive: new KeepAlive(options["ping-interval"]),
    compressor: compression === undefined ? null : new Compressor(compression.level),
  };
}

function webSocketServer(options: WebSocketOptions, subprotocols: Subprotocols): Server<typeof ClientSocket> {
  const { "max-message-size": size } = options;
  // closeTimeout and maxPendingAutoPongs are newer than the types of ws
  const settings: ServerOptions<typeof ClientSocket> & { closeTimeout: number; maxPendingAutoPongs: number } = {
    WebSocket: ClientSocket,
    noServer: true,
    clientTracking: false, // the entry has its clients, also those of earlier settings
    perMessageDeflate: false, // see InflatingSocket
    maxPayload: size,
    maxFragments: maxFragments(size),
    maxBufferedChunks: Math.max(MIN_PIECES, Math.ceil(size / SEGMENT)),
    maxPendingAutoPongs: PENDING_PONGS,
    closeTimeout: CLOSE_TIME,
    handleProtocols: (offered) => choose(offered, subprotocols)?.name ?? false,
  };
  const server = new WebSocketServer(settings);
  server.on("headers", (headers, request) => {
    const agreement = options.compression === undefined ? null : agreementWith(request);
    if (agreement !== null) headers.push(`Sec-WebSocket-Extensions: ${agreement}`);
    headers.push(...(headersOf.get(request) ?? []));
  });
  return server;
}

function maxFragments(size: number): number {
  return Math.max(MIN_PIECES, Math.ceil(size / FRAGMENT));
}

/**
 * What to agree on about compression. Browsers compress all messages, HELLO too, which the router does not take: they stay
 * without. They are also what CRIME and BREACH need.
 */
function agreementWith({ headers }: IncomingMessage): string | null {
  return headers.origin === undefined ? agreementOn(headers["sec-websocket-extensions"] ?? "") : null;
}

function upgradeOf(served: ServedEntry, { report, waiting }: TransportContext): UpgradeHandler {
  const { endpoint } = served;
  const origins = new Origins();
  const supported = `Offer one of these subprotocols: ${[...served.subprotocols.keys()].join(", ")}\n`;
  return (request, socket, head) => {
    const peer = endpoint.peerOf(request.socket, request.headers);
    if (peer === undefined) return void socket.destroy();
    const { origin } = request.headers;
    const allowed = served.entry.options["allowed-origins"];
    // Most clients are not browsers, and send none.
    const foreign = origin === undefined ? null : origins.refusal(origin, endpoint.hostOf(request), allowed);
    if (foreign !== null) {
      report({ limit: "allowed-origins", message: `refused a request: ${foreign}`, peer, session: null });
      return refuse(socket, 403, `${foreign}\n`);
    }
    const subprotocol = choose(offeredBy(request), served.subprotocols);
    if (subprotocol === undefined) return refuse(socket, 400, supported);
    const refusal = served.entry.refusal(peer);
    if (refusal !== null) return refuse(socket, 503, `${refusal}\n`);
    const isSecure = endpoint.isSecure(request);
    const own = takesCookies(origin, origin === undefined ? undefined : endpoint.hostOf(request), allowed, isSecure);
    served.asked.ask({ request, socket, peer, entry: served.entry, isSecure, takesCookies: own }, (additions) =>
      take({ request, socket, head }, served, { peer, subprotocol, waiting, additions, takesCookies: own }),
    );
  };
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request. */
  readonly head: Buffer;
}

interface Known {
  readonly peer: string;
  readonly subprotocol: Subprotocol;
  readonly waiting: WaitingBytes;
  readonly additions: UpgradeAdditions;
  readonly takesCookies: boolean;
}

/** Answers 101, or what ws finds wrong in the request. */
function take({ request, socket, head }: Upgrade, served: ServedEntry, known: Known): void {
  const { peer, subprotocol, waiting, additions, takesCookies: own } = known;
  const { endpoint, server } = served;
  const { facts, received, trackingId } = additions;
  if (additions.headers.length > 0) headersOf.set(request, additions.headers);
  const details = transportDetails({
    type: "websocket",
    carrier: endpoint.carrierOf(request.socket),
    peer,
    subprotocol,
    headers: received ?? plainHeaders(request.headers),
    facts,
    trackingId,
    takesCookies: own,
    ...endpoint.knownByTls(request.socket, request),
  });
  const upgrade = { isDone: false };
  const inflating = inflatingFor(request, socket, head, served);
  server.handleUpgrade(request, inflating ?? socket, inflating === null ? head : Buffer.alloc(0), (ws) => {
    upgrade.isDone = true;
    endpoint.taken(request.socket);
    connect(ws, socket, { served, subprotocol, details, waiting, inflating });
  });
  if (!upgrade.isDone) destroySoon(socket); // ws has answered that the request is wrong
}

/** What decompresses a client's messages; null if there is no agreement with it. */
function inflatingFor(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { entry: { options } }: ServedEntry,
): InflatingSocket | null {
  const { compression, "max-message-size": maxMessageSize } = options;
  if (compression === undefined || agreementWith(request) === null) return null;
  // As ws does for a socket that it gets itself.
  request.socket.setTimeout(0);
  request.socket.setNoDelay();
  if (head.length > 0) socket.unshift(head);
  const limits = { maxMessageSize, maxRatio: compression["max-ratio"], maxFragments: maxFragments(maxMessageSize) };
  return new InflatingSocket(socket, limits);
}

interface Accepted {
  readonly served: ServedEntry;
  readonly subprotocol: Subprotocol;
  readonly details: TransportDetails;
  readonly waiting: WaitingBytes;
  /** Null without compression. */
  readonly inflating: InflatingSocket | null;
}

/** A separate function, so that a socket's listeners do not keep the HTTP request alive. */
function connect(ws: ClientSocket, socket: Duplex, accepted: Accepted): void {
  const { served, subprotocol, details, waiting, inflating } = accepted;
  const { options } = served.entry;
  const maxBuffered = options["max-buffered"];
  const policy = new SlowConnection(options["send-timeout"], waiting);
  const wire =
    inflating === null || served.compressor === null
      ? new WebSocketWire(ws, socket, maxBuffered, policy)
      : new CompressingWire(ws, socket, maxBuffered, policy, served.compressor);
  const connection = new FrameConnection(details, subprotocol, wire, served.log);
  policy.connection = connection;
  ws.serve(connection, served);
  if (inflating === null) SmallFrames.take(ws, socket, options["max-message-size"]);
  if (inflating !== null)
    inflating.onrefused = ({ code, limit, text }: Refusal) => {
      ws.close(code, text);
      if (limit === null) connection.violated(`WebSocket: the client ${text}`);
      else connection.limited(limit, `disconnected a client that ${text}`);
    };
  served.keepAlive.watch(ws, lost);
  // Counts before ws gets the bytes: ws would keep those of an incomplete message.
  const hello = countUntilWelcome(socket, served.entry.limits["max-hello-size"], {
    ended: () => inflating?.allow(),
    exceeded: () => {
      connection.exceededHello();
      destroySoon(socket);
    },
  });
  connection.open(served.entry, hello);
}

function offeredBy({ headers }: IncomingMessage): string[] {
  const offered = headers["sec-websocket-protocol"] ?? "";
  return offered.includes(",") ? offered.split(",").map((name) => name.trim()) : [offered];
}

function lost(ws: WebSocket): void {
  if (ws instanceof ClientSocket)
    ws.connection?.limited("ping-interval", "disconnected a client that answered no PING");
}
