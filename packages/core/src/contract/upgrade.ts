/** A client's HTTP request to upgrade, before it is answered. */
export interface UpgradeRequest {
  /** As it was sent: `/ws?room=7`. */
  readonly url: string;
  /** By lower-case name, each as one string; without the cookies that were taken. */
  readonly headers: Readonly<Record<string, string>>;
  /** As `transport.peer` and `transport.address` of a Hello. */
  readonly peer: string;
  readonly address: string | null;
  /** Whether TLS carries it: the router's own, or that of a trusted proxy which says so by `X-Forwarded-Proto`. */
  readonly isSecure: boolean;
  /** As `transport.takesCookies` of a Hello. */
  readonly takesCookies: boolean;
  /** Fires when the client has left, or when five seconds are over. */
  readonly signal: AbortSignal;
  /**
   * Adds a header to the answer 101. A second value of one name replaces the first, but for `Set-Cookie`: each is sent.
   *
   * @throws WampgateError for a name or value that no header can have, and for the headers of the upgrade itself
   */
  setHeader(name: string, value: string): void;
  /**
   * The values of a cookie, as the client sent them. From then on it is in no `headers`, and in no `http_headers_received`:
   * for what must not get to authenticators. A client may send several values of one name.
   */
  takeCookie(name: string): readonly string[];
  /** What authenticators get as `cbtid` and `http_cbtid`: a name for the client that is worth nothing as a proof. */
  setTrackingId(id: string): void;
  /**
   * Lets `work` ask the static blocks of a method, one after the other: those of the client's transport. Not called if it
   * does not offer the method.
   *
   * @param block what the method's `find` gets
   */
  ask(method: string, work: (block: unknown) => void | Promise<void>): Promise<void>;
  /** Adds to `transport.facts` of the client's Hello and session. Nothing of it is sent to anybody. */
  setFact(name: string, value: unknown): void;
}

/** The answer to a request to upgrade that is refused. Made by `refuse`. */
export interface UpgradeRefusal {
  readonly kind: "refuse";
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}
