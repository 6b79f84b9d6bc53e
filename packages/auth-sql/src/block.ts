import { z } from "@wampgate/core";
import { columns } from "./columns.ts";
import { CLIENTS, queryProblem } from "./query.ts";

/** The keys of a block of `type: sql`. */
export const block = z
  .strictObject({
    client: z.enum(CLIENTS).describe("the package that speaks to the database").meta({ shown: true }),
    connection: z
      .string()
      .min(1)
      .describe("the URL of the database, as `postgresql://user:password@host/name`; for sqlite its file"),
    query: z
      .string()
      .min(1)
      .describe("finds the row of a principal, by :authid, :realm, :authmethod and :pubkey")
      .meta({ shown: true }),
    columns: columns.describe("which column of the row is what: `authid`, `role`, `password-hash` …"),
    pool: z
      .strictObject({
        max: z
          .int()
          .min(1)
          .max(1000)
          .default(10)
          .describe("how many connections there are at most; other logins wait")
          .meta({ shown: true }),
      })
      .prefault({})
      .describe("the connections to the database"),
    timeout: z
      .int()
      .min(1)
      .max(2 ** 30)
      .default(5000)
      .describe("how long a login may wait for its row")
      .meta({ unit: "ms" }),
    tls: z.boolean().default(false).describe("whether the connection must have TLS").meta({ shown: true }),
    "ca-certificates": z
      .array(z.string().min(1))
      .default([])
      .describe("files with the CAs that the server's certificate may be of; they turn on tls")
      .meta({ shown: true }),
    "decoy-key": z
      .string()
      .min(16)
      .optional()
      .describe("what unknown authids are shown is made of it; default: of `connection` and `query`"),
  })
  .superRefine(({ client, connection, query }, context) => {
    const wrongUrl = urlProblem(client, connection);
    if (wrongUrl !== null) context.addIssue({ code: "custom", path: ["connection"], message: wrongUrl });
    const wrongQuery = queryProblem(query, client);
    if (wrongQuery !== null) context.addIssue({ code: "custom", path: ["query"], message: wrongQuery });
  });

export type Block = z.output<typeof block>;

const SCHEMES = { pg: ["postgres:", "postgresql:"], mysql2: ["mysql:", "mariadb:"] } as const;

/** What is wrong with the connection, without its text. */
function urlProblem(client: (typeof CLIENTS)[number], connection: string): string | null {
  if (connection.includes("\0")) return "a connection has no NUL";
  if (client === "sqlite")
    return /^[a-z]+:\/\//i.test(connection) || connection === ":memory:" ? "expected the path of a file" : null;
  const schemes: readonly string[] = SCHEMES[client];
  const isUrl = URL.canParse(connection) && schemes.includes(new URL(connection).protocol);
  return isUrl
    ? null
    : `expected a URL, ${schemes[0]}//user:password@host/name, its password written as in a URL (percent-encoded)`;
}

/** Whether what the database says goes over a network that others may read. */
export function isOpenToReaders({ client, connection, tls, "ca-certificates": ca }: Block): boolean {
  if (client === "sqlite" || tls || ca.length > 0) return false;
  const { hostname, searchParams } = new URL(connection);
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|)$/.test(hostname);
  const hasTls =
    /^(?:require|verify-ca|verify-full)$/.test(searchParams.get("sslmode") ?? "") || searchParams.has("ssl");
  return !isLocal && !hasTls;
}
