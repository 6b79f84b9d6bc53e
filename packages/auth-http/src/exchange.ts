import { type Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** The answer of a server, whole. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** There was no answer that may be read. The message is for the log, and holds no values. */
export class NoAnswer extends Error {
  override readonly name: string = "NoAnswer";
}

/** The server could not be reached. */
export class Unreachable extends NoAnswer {
  override readonly name = "Unreachable";
  /** Whether it had only closed a connection that was kept open: that says nothing of the server. */
  readonly isStale: boolean;

  constructor(message: string, isStale: boolean) {
    super(message);
    this.isStale = isStale;
  }
}

export interface Exchange {
  readonly method: "POST" | "HEAD";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly agent: Agent;
  readonly signal: AbortSignal;
  /** The most bytes of the answer. */
  readonly maxSize: number;
}

/** Sends one request, and reads the answer. No redirect is followed. @throws NoAnswer, or the reason of the signal */
export function exchange({ method, url, headers, body, agent, signal, maxSize }: Exchange): Promise<Answer> {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const request = send(url, { method, headers: { ...headers, "content-length": body.length }, agent });
    const end = (): void => void request.destroy(signal.reason as Error);
    signal.addEventListener("abort", end, { once: true });
    let hasBegun = false;
    const fail = (error: Error): void => {
      signal.removeEventListener("abort", end);
      request.destroy();
      if (signal.aborted) return reject(signal.reason as Error);
      if (error instanceof NoAnswer) return reject(error);
      const why = `no connection (${codeOf(error)})`;
      reject(hasBegun ? new NoAnswer(why) : new Unreachable(why, request.reusedSocket));
    };
    request.on("error", fail);
    request.on("response", (response) => {
      hasBegun = true;
      read(response, maxSize).then((answer) => {
        signal.removeEventListener("abort", end);
        resolve(answer);
      }, fail);
    });
    request.end(body);
  });
}

async function read(response: IncomingMessage, maxSize: number): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxSize) throw new NoAnswer(`its answer is longer than ${maxSize} bytes (max-answer-size)`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}
