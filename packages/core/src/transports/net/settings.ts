import { z } from "zod";
import { limit } from "../../settings/metadata.ts";
import { trustedProxiesSchema } from "./trusted-proxies.ts";

const file = z.string().min(1);

/** The `tls` of a TCP endpoint. Paths of files are relative to the config's folder. */
const tlsKeys = z.strictObject({
  key: file.describe("the private key's file, PEM"),
  certificate: file.describe("the certificate's file, PEM; the chain follows in it, or is in `chain-certificates`"),
  "chain-certificates": z.array(file).default([]).describe("the files of the certificates between it and the root"),
  "ca-certificates": z
    .array(file)
    .optional()
    .describe(
      "the files of the authorities whose client certificates are accepted; with this key every client must send one, unless `client-certificates` says otherwise",
    ),
  "client-certificates": z
    .enum(["required", "optional"])
    .optional()
    .describe(
      "whether a client without a certificate of `ca-certificates` is refused by TLS, or may log in by other methods; default: `required` where there are `ca-certificates`",
    ),
  "minimum-version": z.enum(["TLSv1.2", "TLSv1.3"]).default("TLSv1.2").describe("older clients are refused"),
});

export const tlsSchema = tlsKeys.refine(
  (tls) => tls["client-certificates"] === undefined || (tls["ca-certificates"] ?? []).length > 0,
  {
    path: ["client-certificates"],
    error: "needs ca-certificates: the files of the authorities whose client certificates are accepted",
  },
);

export type TlsSettings = z.output<typeof tlsSchema>;

const plainTcp = z.strictObject({
  type: z.literal("tcp").describe("listen on a TCP port"),
  host: z.string().min(1).default("127.0.0.1").describe("the address to listen on; 0.0.0.0 or :: for all of them"),
  port: z.int().min(0).max(65535).describe("the port to listen on; 0 for any free one"),
  tls: tlsSchema.optional().describe("makes the endpoint speak TLS"),
  "trusted-proxies": trustedProxiesSchema
    .default([])
    .describe("addresses and networks of proxies in front, which are trusted to name the client's address"),
  "proxy-protocol": z
    .boolean()
    .default(false)
    .describe(
      "whether each connection begins with a PROXY header, version 1 or 2. Not a limit: connections without one, or not from a trusted proxy, are counted",
    )
    .meta(limit("the end of the connection")),
});

const tcp = plainTcp.refine((endpoint) => !endpoint["proxy-protocol"] || endpoint["trusted-proxies"].length > 0, {
  path: ["proxy-protocol"],
  error: "needs trusted-proxies: without them any client could claim any address",
});

const unix = z.strictObject({
  type: z.literal("unix").describe("listen on a Unix domain socket"),
  path: z.string().min(1).describe("the socket's file; one that a dead process left behind is replaced"),
});

const server = z.strictObject({
  type: z.literal("server").describe("takes WebSockets on an HTTP server of the program that embeds the router"),
  name: z.string().min(1).describe("the server's name in the option `servers` of `createRouter`"),
  "trusted-proxies": trustedProxiesSchema.default([]).describe("as for `tcp`"),
});

/** Where a transport listens. */
export const endpointSchema = z.discriminatedUnion("type", [tcp, unix, server]);

export type Endpoint = z.output<typeof endpointSchema>;
