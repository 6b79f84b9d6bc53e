import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout } from "node:timers/promises";
import { Circuit, DeadlineError, type Log, Room, shownUrl, within } from "@wampgate/core";
import { type Block, secretBytes } from "./block.ts";
import { type Answer, exchange, NoAnswer, Unreachable } from "./exchange.ts";
import { newId, signed } from "./webhook.ts";

/** The wait before the first retry, in milliseconds; each next one is twice as long. */
const FIRST_WAIT = 50;
/** The server, or what stands before it, is not there for the moment. */
const AGAIN = [502, 503, 504];

/** The server is taken to be down. The log has one line for that, and none for each login. */
export class IsDown extends NoAnswer {
  override readonly name = "IsDown";
}

/** Asks the web server of one block. */
export class Caller {
  /** Its URL for the log. */
  readonly url: string;
  readonly timeout: number;
  readonly #own: Block;
  readonly #key: Buffer;
  readonly #agent: HttpAgent;
  readonly #room: Room;
  readonly #circuit: Circuit;

  /** @param ca the certificates of the CAs that it may have; none: those of Node.js */
  constructor(own: Block, ca: readonly string[], log: Pick<Log, "error" | "info">) {
    this.#own = own;
    this.url = shownUrl(own.url);
    this.timeout = own.timeout;
    this.#key = secretBytes(own.secret);
    const kept = { keepAlive: true, maxSockets: own["max-concurrent"] };
    this.#agent = own.url.startsWith("https:")
      ? new HttpsAgent({ ...kept, ...(ca.length === 0 ? {} : { ca: [...ca] }) })
      : new HttpAgent(kept);
    this.#room = new Room(own["max-concurrent"]);
    this.#circuit = new Circuit((isDown) => {
      if (isDown)
        log.error({ url: this.url }, "the web server is down: logins fail at once, but for one in each second");
      else log.info({ url: this.url }, "the web server answers again");
    });
  }

  /**
   * Sends a question, and again if the server cannot be reached.
   * @throws NoAnswer, DeadlineError, or the reason of `parent`
   */
  async ask(body: Buffer, parent: AbortSignal): Promise<Answer> {
    if (!this.#circuit.mayAsk()) throw new IsDown("it is down, and was not asked");
    if (this.#room.isFull) throw new NoAnswer("too many logins wait for it (max-concurrent)");
    return within(this.timeout, parent, (signal) =>
      this.#room.enter(signal, async () => {
        try {
          const answer = await this.#attempts(body, signal);
          if (AGAIN.includes(answer.status)) this.#circuit.failed();
          else this.#circuit.succeeded();
          return answer;
        } catch (error) {
          // What one client's question makes of the server says nothing for the others, nor does a client that has left.
          if (!parent.aborted && (error instanceof Unreachable || error instanceof DeadlineError))
            this.#circuit.failed();
          throw error;
        }
      }),
    );
  }

  /**
   * Looks whether the server is there, without a question.
   * @throws NoAnswer, or the reason of the signal
   */
  async probe(signal: AbortSignal): Promise<void> {
    const { url, "max-answer-size": maxSize } = this.#own;
    const given = { url, headers: {}, body: Buffer.alloc(0), agent: this.#agent, signal, maxSize };
    const { status } = await exchange({ method: "HEAD", ...given });
    if (status >= 300 && status < 400) throw new NoAnswer(`it redirects (status ${status}), which is not followed`);
    if (AGAIN.includes(status)) throw new NoAnswer(`it answered with status ${status}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #attempts(body: Buffer, signal: AbortSignal): Promise<Answer> {
    const id = newId();
    let left = this.#own.retries;
    let wait = FIRST_WAIT;
    for (;;) {
      try {
        const answer = await this.#once(id, body, signal);
        if (left === 0 || !AGAIN.includes(answer.status)) return answer;
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        if (error.isStale) continue;
        if (left === 0) throw error;
      }
      await setTimeout(wait, undefined, { signal }).catch(() => {
        throw signal.reason as Error;
      });
      left--;
      wait *= 2;
    }
  }

  #once(id: string, body: Buffer, signal: AbortSignal): Promise<Answer> {
    const { url, headers, "max-answer-size": maxSize } = this.#own;
    const own = { "content-type": "application/json", accept: "application/json", "user-agent": "wampgate" };
    const stamp = signed(id, Math.floor(Date.now() / 1000), body, this.#key);
    return exchange({
      method: "POST",
      url,
      headers: { ...own, ...headers, ...stamp },
      body,
      agent: this.#agent,
      signal,
      maxSize,
    });
  }
}
