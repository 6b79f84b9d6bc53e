import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { TransportContext, TransportEntry } from "../../contract/transport.ts";
import type { UpgradeRequest } from "../../contract/upgrade.ts";
import { PluginError } from "../../errors/plugin-error.ts";
import { WampgateError } from "../../errors/wampgate-error.ts";
import { deciderOf } from "../../hooks/create-hook.ts";
import { cookiesOf, withoutCookie } from "../../hooks/cookies.ts";
import { isPossibleHeader } from "../../hooks/http-header.ts";
import { addressIn } from "../../wamp/address.ts";
import { Deadline, DeadlineError } from "../../wamp/deadline.ts";
import { attempt, whenDone } from "../../wamp/guarded.ts";
import type { Dict } from "../../wamp/payload.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { plainHeaders } from "./details.ts";
import { refuse } from "./http-refusal.ts";

/** How long plugins may take for one request, in milliseconds. */
const TIME = 5000;

/** Created once: their stacks say nothing. */
const GONE = new WampgateError("WG_SESSION_LEFT", "the client has left");
const STOPPED = "This transport takes no more clients.\n";

/** A request that is asked about. */
export interface AskedUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** As `transport.peer`. */
  readonly peer: string;
  readonly entry: Pick<TransportEntry, "reserve" | "ask">;
  /** Default: whether the router's own TLS carries it. */
  readonly isSecure?: boolean;
  /** As in `transportDetails`. */
  readonly takesCookies?: boolean;
}

/** What plugins want of an answer 101. */
export interface UpgradeAdditions {
  /** Lines of its head: `Set-Cookie: a=b`. */
  readonly headers: readonly string[];
  /** For `transport.facts`. */
  readonly facts: Readonly<Dict>;
  /** The headers of the request as authenticators may see them; null: as they came. */
  readonly received: Readonly<Record<string, string>> | null;
  /** For `cbtid`. */
  readonly trackingId: string | null;
}

const NOTHING: UpgradeAdditions = { headers: [], facts: {}, received: null, trackingId: null };

/**
 * Asks plugins about one entry's requests to upgrade, by the hook `upgrade`. Ask when the router itself would take the
 * client. Where no plugin listens, nothing waits.
 *
 * @example
 * const asked = new AskedUpgrades(context);
 * const upgrade: UpgradeHandler = (request, socket, head) =>
 *   asked.ask({ request, socket, peer, entry }, ({ headers, facts }) => answer101(request, socket, head, headers, facts));
 */
export class AskedUpgrades {
  readonly #context: Pick<TransportContext, "hooks" | "log">;
  /** Each refuses one that waits. */
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  constructor(context: Pick<TransportContext, "hooks" | "log">) {
    this.#context = context;
  }

  /** @param proceed takes the client: called at once where no plugin listens, and never if it was refused or has left */
  ask(asked: AskedUpgrade, proceed: (additions: UpgradeAdditions) => void): void {
    if (this.#context.hooks.upgrade.taps.length === 0) return proceed(NOTHING);
    const { socket } = asked;
    if (this.#isClosed) return refuse(socket, 503, STOPPED);
    const deadline = new Deadline(TIME);
    const request = new ClientUpgrade(asked, deadline);
    const release = asked.entry.reserve(asked.peer);
    const left = (): void => deadline.abort(GONE);
    // A client that only ends its side has left, too: nothing that it could answer will come.
    socket.once("end", left).once("close", left);
    const settle = (act: () => void): void => {
      if (!this.#waiting.delete(stop)) return;
      deadline.end();
      socket.off("end", left).off("close", left);
      release();
      if (deadline.signal.reason === GONE) return void socket.destroy();
      attempt(act, (error) => this.#failed(error, asked));
    };
    const stop = (): void => {
      settle(() => refuse(socket, 503, STOPPED));
      deadline.abort(GONE); // so that plugins stop, too
    };
    this.#waiting.add(stop);
    whenDone(
      this.#context.hooks.upgrade.promise(request),
      (refusal) =>
        settle(() => {
          if (refusal === undefined) return proceed(request.additions);
          const { status, text, headers } = refusal;
          const line = { peer: asked.peer, plugin: deciderOf(request), status };
          this.#context.log.debug(line, "a plugin refused a request to upgrade");
          refuse(socket, status, text, headers);
        }),
      (error) => settle(() => this.#failed(error, asked)),
    );
  }

  /** Refuses those that still wait, and all to come. */
  close(): void {
    this.#isClosed = true;
    for (const stop of [...this.#waiting]) stop();
  }

  #failed(error: unknown, { socket, peer }: AskedUpgrade): void {
    const plugin = error instanceof PluginError ? error.plugin : undefined;
    unlessRepeated(this, `upgrade ${plugin ?? ""}`, (repeats) =>
      this.#context.log.error({ err: error, peer, plugin, ...repeats }, "a request to upgrade could not be decided"),
    );
    const isLate = error instanceof PluginError && error.cause instanceof DeadlineError;
    if (isLate) refuse(socket, 503, "The router has not decided in time.\n");
    else refuse(socket, 500, "The router failed to answer.\n");
  }
}

class ClientUpgrade implements UpgradeRequest {
  readonly url: string;
  headers: Readonly<Record<string, string>>;
  readonly peer: string;
  readonly address: string | null;
  readonly isSecure: boolean;
  readonly takesCookies: boolean;
  readonly ask: UpgradeRequest["ask"];
  readonly #deadline: Deadline;
  readonly #headers = new Map<string, string>();
  readonly #cookies: string[] = [];
  readonly #facts = Object.create(null) as Dict;
  #trackingId: string | null = null;

  constructor({ request, peer, entry, ...known }: AskedUpgrade, deadline: Deadline) {
    this.url = request.url ?? "/";
    this.headers = plainHeaders(request.headers);
    this.peer = peer;
    this.address = addressIn(peer);
    this.isSecure = known.isSecure ?? request.socket instanceof TLSSocket;
    this.takesCookies = known.takesCookies ?? false;
    this.ask = entry.ask;
    this.#deadline = deadline;
  }

  get signal(): AbortSignal {
    return this.#deadline.signal;
  }

  setHeader(name: string, value: string): void {
    if (!isPossibleHeader([name, value]))
      throw new WampgateError(
        "WG_UPGRADE_HEADER",
        `no answer to an upgrade can have this value of ${JSON.stringify(name)}`,
      );
    const line = `${name}: ${value}`;
    if (name.toLowerCase() === "set-cookie") this.#cookies.push(line);
    else this.#headers.set(name.toLowerCase(), line);
  }

  takeCookie(name: string): readonly string[] {
    const { cookie, ...others } = this.headers;
    if (cookie === undefined) return [];
    const rest = withoutCookie(cookie, name);
    this.headers = rest === "" ? others : { ...others, cookie: rest };
    return cookiesOf(cookie, name);
  }

  setTrackingId(id: string): void {
    this.#trackingId = id;
  }

  setFact(name: string, value: unknown): void {
    this.#facts[name] = value;
  }

  get additions(): UpgradeAdditions {
    return {
      headers: [...this.#headers.values(), ...this.#cookies],
      facts: { ...this.#facts },
      received: this.headers,
      trackingId: this.#trackingId,
    };
  }
}
