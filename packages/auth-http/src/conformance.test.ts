import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describeStrategy } from "@wampgate/plugin-testkit";
import { folderOf } from "../../../jest/folder.ts";
import plugin from "./index.ts";

const folder = await folderOf({ "no.pem": "no certificate" });

const server = createServer((request, response) => {
  let text = "";
  request.on("data", (data) => (text += String(data)));
  request.on("end", () => {
    const { authid, details } = JSON.parse(text) as { authid: string | null; details: { ticket?: string } };
    const isKnown = authid === "joe";
    const isRight = details.ticket === undefined || details.ticket === "a secret ticket";
    response.writeHead(!isKnown ? 404 : isRight ? 200 : 403).end('{"role":"user"}');
  });
});
await once(server.listen(0, "127.0.0.1"), "listening");
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const block = { url, secret: "0123456789012345" };
const bad = (changed: object, path: string) => ({
  block: { ...block, ...changed },
  path: `probe-authenticate.${path}`,
});

describeStrategy(
  { describe, it },
  {
    plugin,
    type: "http",
    block,
    authid: "joe",
    ticket: "a secret ticket",
    badBlocks: [
      bad({ url: undefined }, "url"),
      bad({ url: "auth.example.com" }, "url"),
      bad({ url: "http://auth.example.com/" }, "url"),
      bad({ url: "https://user:pass@auth.example.com/" }, "url"),
      bad({ secret: undefined }, "secret"),
      bad({ secret: "too short" }, "secret"),
      bad({ secret: "whsec_MDEyMzQ1Njc4" }, "secret"),
      bad({ timeout: 0 }, "timeout"),
      bad({ retries: -1 }, "retries"),
      bad({ headers: { "x y": "z" } }, "headers"),
      bad({ headers: { "x-y": "a\r\nb: c" } }, "headers.x-y"),
      bad({ headers: { Host: "other.example.com" } }, "headers.Host"),
      bad({ headers: { "webhook-id": "1" } }, "headers.webhook-id"),
      bad({ "ca-certificates": [join(folder, "missing.pem")] }, "ca-certificates[0]"),
      bad({ "ca-certificates": [folder] }, "ca-certificates[0]"),
      bad({ "ca-certificates": [join(folder, "no.pem")] }, "ca-certificates[0]"),
      bad({ "max-answer-size": 0 }, "max-answer-size"),
      bad({ "max-concurrent": 0 }, "max-concurrent"),
      bad({ retry: 1 }, "retry"),
    ],
  },
);
