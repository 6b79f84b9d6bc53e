import { createServer, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** What a server of keys does with a request. */
export type Behaviour = (response: ServerResponse) => void;

const json = { "content-type": "application/json" };

/** Answers with this set of keys. */
export const gives =
  (...keys: object[]): Behaviour =>
  (response) =>
    void response.writeHead(200, json).end(JSON.stringify({ keys }));

/** The ways in which a server fails. */
export const FAILURES: Readonly<Record<string, { readonly does: Behaviour; readonly why: RegExp }>> = {
  "has an error": { does: (response) => void response.writeHead(500).end(), why: /status 500/ },
  "has nothing there": { does: (response) => void response.writeHead(404).end(), why: /status 404/ },
  "hangs up": { does: (response) => void response.socket?.destroy(), why: /no connection/ },
  "redirects to itself": {
    does: (response) => void response.writeHead(302, { location: "/keys" }).end(),
    why: /redirect/,
  },
  "gives no JSON": { does: (response) => void response.writeHead(200).end("<html>"), why: /not JSON/ },
  "gives no key set": {
    does: (response) => void response.writeHead(200, json).end('{"keys":"many"}'),
    why: /no key set/,
  },
  "gives no usable key": { does: gives({ kty: "oct", k: "AAAA" }, { kty: "RSA" }), why: /no public key/ },
  "never stops": {
    does(response) {
      response.writeHead(200, json).write('{"keys":[');
      const more = (): void => {
        while (!response.destroyed && response.write(" ".repeat(64 * 1024)));
      };
      response.on("drain", more);
      more();
    },
    why: /longer than 262144 bytes/,
  },
};

/** A server of keys on this machine, whose behaviour a test changes. */
export class KeyServer {
  /** How often it was asked. */
  asked = 0;
  does: Behaviour;
  url = "";
  readonly #server: Server;

  private constructor(does: Behaviour) {
    this.does = does;
    this.#server = createServer((request, response) => {
      request.resume();
      this.asked++;
      this.does(response);
    });
  }

  static async start(does: Behaviour): Promise<KeyServer> {
    const made = new KeyServer(does);
    await once(made.#server.listen(0, "127.0.0.1"), "listening");
    made.url = `http://127.0.0.1:${(made.#server.address() as AddressInfo).port}/keys`;
    return made;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
