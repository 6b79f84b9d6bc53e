/** A client's HTTP request to upgrade, before it is answered. */
export interface UpgradeRequest {
  /** As it was sent: `/ws?room=7`. */
  readonly url: string;
  /** By lower-case name, each as one string. */
  readonly headers: Readonly<Record<string, string>>;
  /** As `transport.peer` and `transport.address` of a Hello. */
  readonly peer: string;
  readonly address: string | null;
  /** Whether TLS carries it, as far as the router knows. */
  readonly isSecure: boolean;
  /** Fires when the client has left, or when five seconds are over. */
  readonly signal: AbortSignal;
  /**
   * Adds a header to the answer 101. A second value of one name replaces the first, but for `Set-Cookie`: each is sent.
   *
   * @throws WampgateError for a name or value that no header can have, and for the headers of the upgrade itself
   */
  setHeader(name: string, value: string): void;
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
