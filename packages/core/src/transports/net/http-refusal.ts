import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { endSoon } from "./linger.ts";

/** When a client that was refused for lack of room may try again, in seconds. */
const RETRY_AFTER = 5;

/** Answers a request to upgrade with an error, and closes. */
export function refuse(
  socket: Duplex,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const given = {
    ...headers,
    ...(status === 503 && !names.has("retry-after") ? { "Retry-After": `${RETRY_AFTER}` } : {}),
    ...(names.has("content-type") ? {} : { "Content-Type": "text/plain; charset=utf-8" }),
  };
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    ...(status === 426 ? ["Upgrade: websocket"] : []),
    ...Object.entries(given).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  endSoon(socket, `${head.join("\r\n")}\r\n\r\n${text}`);
}

/** What Node's parser found wrong in a request; null if the connection or its TLS is broken. */
export function refusalOf(
  { code = "" }: NodeJS.ErrnoException,
  maxHeaderSize: number,
): { status: 400 | 408 | 431; text: string } | null {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, text: `The URL and the headers may have ${maxHeaderSize} bytes together.\n` };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, text: "The request took too long.\n" };
    default:
      return code.startsWith("HPE_") ? { status: 400, text: "This is no HTTP request.\n" } : null;
  }
}
