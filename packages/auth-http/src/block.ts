import { validateHeaderName, validateHeaderValue } from "node:http";
import { serverUrl, z } from "@wampgate/core";

/** The fewest bytes of a secret. */
const SHORTEST_SECRET = 16;

/** What the strategy sets itself, or what would change how the request is sent. */
const OWN_HEADERS = ["host", "connection", "content-length", "content-type", "expect", "te", "trailer", "upgrade"];
const OWN_PREFIX = /^(?:webhook-|transfer-|proxy-|keep-)/;

const headers = z.record(z.string(), z.string()).superRefine((all, context) => {
  for (const [name, value] of Object.entries(all)) {
    const problem = headerProblem(name, value);
    if (problem !== null) context.addIssue({ code: "custom", path: [name], message: problem });
  }
});

/** The keys of a block of `type: http`. */
export const block = z.strictObject({
  url: serverUrl.describe("the web server that decides each login").meta({ shown: true }),
  secret: z
    .string()
    .refine((secret) => secretBytes(secret).length >= SHORTEST_SECRET, {
      error: `expected a secret of ${SHORTEST_SECRET} bytes or more, found a shorter one`,
    })
    .describe("what requests are signed with: a text, or `whsec_` and base64"),
  timeout: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(5000)
    .describe("how long a login may wait for the answer, with all retries")
    .meta({ unit: "ms" }),
  retries: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe("how often it is asked again if it cannot be reached")
    .meta({ shown: true }),
  headers: headers.default({}).describe("headers of each request, such as `Authorization`"),
  "ca-certificates": z
    .array(z.string().min(1))
    .default([])
    .describe("files with the CAs that its certificate may be of; default: those of Node.js")
    .meta({ shown: true }),
  "max-answer-size": z
    .int()
    .min(1)
    .max(16 * 1024 * 1024)
    .default(65_536)
    .describe("the most bytes of an answer")
    .meta({ unit: "bytes" }),
  "max-concurrent": z
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe("how many requests there are at the same time; other logins wait")
    .meta({ shown: true }),
});

export type Block = z.output<typeof block>;

/** The key of a secret, as Standard Webhooks writes it, or as a text. */
export function secretBytes(secret: string): Buffer {
  const prefix = "whsec_";
  return secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), "base64") : Buffer.from(secret);
}

function headerProblem(name: string, value: string): string | null {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    return "this is no header that can be sent";
  }
  const lower = name.toLowerCase();
  return OWN_HEADERS.includes(lower) || OWN_PREFIX.test(lower) ? "this header is set by the router itself" : null;
}
