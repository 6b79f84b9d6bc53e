import { createHmac, randomUUID } from "node:crypto";

/** A name for one question; it stays the same when that is asked again. */
export function newId(): string {
  return `msg_${randomUUID()}`;
}

/**
 * The headers of Standard Webhooks (https://www.standardwebhooks.com) for a request.
 * @param seconds when it is sent, since 1970
 */
export function signed(id: string, seconds: number, body: Buffer, key: Buffer): Record<string, string> {
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.`).update(body).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": `v1,${signature}` };
}
