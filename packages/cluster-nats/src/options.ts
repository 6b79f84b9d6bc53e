import { z } from "@wampgate/core";
import { HELLO, NAME } from "./node-name.ts";
import { clusterKeyOf } from "./seal/keys.ts";

const name = (what: string): z.ZodString =>
  z.string().regex(NAME, `must be the name of a ${what}: 1 to 32 of the characters A-Z a-z 0-9 _ -`);

const file = z.string().min(1);

const server = z
  .string()
  .regex(
    /^(?:(?:nats|tls):\/\/)?[^\s/@]+$/,
    "must be a NATS server as nats://host:4222 or tls://host:4222; user and password are keys of their own",
  );

/** The keys of `cluster` with `type: nats`, besides those of every link. */
export const natsShape = {
  name: name("cluster").describe(
    "the cluster's name, a part of all NATS subjects: clusters of different names do not meet",
  ),
  node: name("node")
    .refine((node) => node !== HELLO, `must not be "${HELLO}"`)
    .optional()
    .describe(
      "this node's name, which no other node has; default: the host's name, made legal, with a bit of its hash",
    ),
  servers: z.array(server).min(1).default(["nats://127.0.0.1:4222"]).describe("the NATS servers, any of which will do"),
  user: z.string().min(1).optional().describe("the user's name at NATS, with `password`"),
  password: z.string().min(1).optional().describe("the user's password at NATS"),
  token: z.string().min(1).optional().describe("the token for NATS"),
  credentials: file.optional().describe("the credentials file for NATS"),
  nkey: file.optional().describe("the file with the seed of the nkey for NATS"),
  tls: z
    .strictObject({
      ca: file.optional().describe("the file with certificates of authorities to trust; default: those of Node.js"),
      certificate: file.optional().describe("the file with this node's certificate"),
      key: file.optional().describe("the file with the key of that certificate"),
    })
    .optional()
    .describe("speaks TLS with NATS"),
  seal: z
    .string()
    .refine((text) => clusterKeyOf(text) !== null, "must be 32 bytes in hex or base64, as of: openssl rand -hex 32")
    .optional()
    .describe(
      "a key of 32 bytes in hex or base64, the same on all nodes: what NATS carries and keeps is sealed with it",
    ),
  replicas: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe("how many NATS servers keep the bucket with the claims: 3 where NATS has three"),
  "connect-timeout": z
    .int()
    .min(100)
    .max(25_000)
    .default(10_000)
    .describe("how long a start waits for NATS, in milliseconds"),
  window: z
    .int()
    .min(65_536)
    .optional()
    .describe(
      "how many bytes may be on their way to one other node; past that, events for it are dropped and new calls to it fail; default: 32 MiB divided by the number of other nodes, 1 MiB at least",
    ),
} as const;

/** The settings of a node, checked. */
export type NatsOptions = z.output<z.ZodObject<typeof natsShape>>;

/** The ways to log in at NATS, of which a config has one at most. */
const LOGINS = ["user", "token", "credentials", "nkey"] as const;

/** What is wrong between the keys; null if nothing is. */
export function problemOf(options: NatsOptions): string | null {
  const { user, password, tls } = options;
  const logins = LOGINS.filter((login) => options[login] !== undefined);
  if (logins.length > 1) return `one way to log in at NATS is enough, and there are ${logins.join(" and ")}`;
  if ((user === undefined) !== (password === undefined)) return "user and password belong together, and one is missing";
  if ((tls?.certificate === undefined) !== (tls?.key === undefined))
    return "certificate and key of tls belong together, and one is missing";
  return null;
}
