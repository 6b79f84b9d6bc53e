import type { RemoteAnswer } from "../../contract/realm-link.ts";
import { refusal, WampError } from "../../errors/wamp-error.ts";
import { Deadline, untilAborted } from "../../wamp/deadline.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { IdSequence } from "../../wamp/ids.ts";
import type { Dict } from "../../wamp/payload.ts";
import type { RemoteNode } from "./remote-node.ts";

/** How long a node may take to answer, in milliseconds. */
const TIMEOUT = 5000;

interface Asked {
  readonly node: RemoteNode;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The questions that wait for answers of other nodes. */
export class Questions {
  readonly #ids = new IdSequence();
  readonly #asked = new Map<number, Asked>();

  /**
   * Calls a meta procedure on another node.
   * @throws WampError what it answers; `wamp.error.network_failure` if it is gone or does not answer in time
   */
  async ask(
    node: RemoteNode,
    procedure: string,
    args: readonly unknown[],
    kwargs: Readonly<Dict> = {},
  ): Promise<unknown> {
    const request = this.#ids.next();
    const answer = new Promise<unknown>((resolve, reject) => this.#asked.set(request, { node, resolve, reject }));
    const limit = new Deadline(TIMEOUT);
    try {
      node.send({ type: "QUESTION", request, procedure, args, kwargs });
      return await untilAborted(answer, limit.signal);
    } catch (error) {
      throw WampError.is(error) ? error : unreachable(node);
    } finally {
      limit.end();
      this.#asked.delete(request);
    }
  }

  answered(node: RemoteNode, { request, value, error }: RemoteAnswer): void {
    const asked = this.#asked.get(request);
    if (asked?.node !== node) return;
    if (error === null) asked.resolve(value);
    else asked.reject(refusal(error.uri, error.message));
  }

  gone(node: RemoteNode): void {
    for (const asked of this.#asked.values()) if (asked.node === node) asked.reject(unreachable(node));
  }
}

function unreachable({ name }: RemoteNode): WampError {
  return refusal(ErrorUri.networkFailure, `the node ${name} did not answer`);
}
