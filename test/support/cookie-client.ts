import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { Code } from "@wampgate/core";
import { FakeClient, type FrameLink } from "@wampgate/plugin-testkit";

const open = new Set<WebSocket>();

/** Ends all clients without a word. */
export function hangUpAll(): void {
  for (const socket of open) socket.terminate();
}

/** What a browser sends with its request. */
export interface Sent {
  /** The whole header `Cookie`. */
  readonly cookie?: string | undefined;
  readonly origin?: string;
  readonly [header: string]: string | undefined;
}

/** A client over a WebSocket that knows which cookies it was sent. */
export class CookieClient extends FakeClient {
  /** The headers `Set-Cookie` of the answer 101. */
  readonly setCookies: readonly string[];

  private constructor(link: FrameLink, setCookies: readonly string[]) {
    super(link);
    this.setCookies = setCookies;
  }

  static async connect(url: string, sent: Sent = {}): Promise<CookieClient> {
    const headers = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
    const socket = new WebSocket(url, "wamp.2.json", {
      headers: headers as Record<string, string>,
      rejectUnauthorized: false,
    });
    open.add(socket);
    const upgraded = once(socket, "upgrade") as Promise<[IncomingMessage]>;
    const link: FrameLink = {
      onframe: null,
      onclose: null,
      send: (frame) => socket.send(frame),
      close: () => socket.close(),
    };
    socket.on("message", (data: Buffer) => link.onframe?.(data.toString()));
    socket.on("close", () => {
      open.delete(socket);
      link.onclose?.();
    });
    const [[response]] = await Promise.all([upgraded, once(socket, "open")]);
    return new CookieClient(link, response.headers["set-cookie"] ?? []);
  }

  /** What its browser sends from now on: the first cookie that it was given. */
  get cookie(): string | undefined {
    return this.setCookies[0]?.split(";", 1)[0];
  }

  /** The reason of the next message, which must be GOODBYE. */
  async goodbye(): Promise<string> {
    const [, , reason] = await this.expect(Code.GOODBYE);
    return reason as string;
  }
}

/** Answers the CHALLENGE of wampcra. */
export async function proveByCra(client: FakeClient, secret = "123456"): Promise<void> {
  const [, method, extra] = (await client.expect(Code.CHALLENGE)) as [number, string, { challenge: string }];
  if (method !== "wampcra") throw new Error(`expected a challenge by wampcra, got ${method}`);
  client.authenticate(createHmac("sha256", secret).update(extra.challenge).digest("base64"));
}

/** The same, and is let in. @returns WELCOME's details */
export async function answerCra(client: FakeClient): Promise<Record<string, unknown>> {
  await proveByCra(client);
  return client.welcomed();
}
