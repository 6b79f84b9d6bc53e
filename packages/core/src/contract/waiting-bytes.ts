/** A client for which bytes wait, because it reads more slowly than others send. */
export interface SlowClient {
  /** How many bytes wait for it; 0 if its connection has ended. */
  readonly length: number;
  /** Ends its connection: too much waits for all clients together, and most of it for this one. */
  overflowed(): void;
}

/** The bytes that wait for the clients of all transports. */
export interface WaitingBytes {
  /** More bytes may wait for this client than before. It may be disconnected by this. */
  grew(client: SlowClient): void;
}
