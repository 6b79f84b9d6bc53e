import {
  accept,
  credential,
  defineMethod,
  deny,
  type Hello,
  type ListenEndpoint,
  type Verdict,
  z,
} from "@wampgate/core";
import { endOf, shown } from "./certificate.ts";
import { staticPrincipals } from "./principals.ts";
import { told } from "./told.ts";

/** In place of a credential: no block knows the certificate. */
class Unknown {
  readonly isKnown = false;
}

/**
 * The method `tls`: the client's certificate says who it is, and TLS has proved that before HELLO came. There is no challenge,
 * and the authid in HELLO does not count, as in Crossbar.
 */
export const tls = defineMethod({
  name: "tls",
  at: "hello",
  proof: "certificate",
  credential: z.union([z.instanceof(Unknown), z.object({})]),
  static: staticPrincipals,
  unusableAt,

  async challenge(attempt) {
    const certificate = attempt.transport.client_cert;
    if (certificate === null)
      return refused(attempt, "there is none, or none that ca-certificates of the endpoint vouch for");
    // TLS has checked that before, but perhaps long ago: for the connection that this one resumes.
    if (certificate.expired) return refused(attempt, `it expired at ${certificate.not_after}`);
    const found = await attempt.resolvePrincipal();
    if (found.credential instanceof Unknown) return refused(attempt, `no principal has it (${shown(certificate)})`);
    const expires = endOf(certificate);
    return expires === undefined ? accept() : accept({ expires });
  },

  decoy: () => credential(new Unknown()),
});

function refused(hello: Hello, problem: string): Verdict {
  return deny(undefined, undefined, told(hello, problem));
}

function unusableAt(endpoint: ListenEndpoint): string | null {
  if (endpoint.type === "unix")
    return "no client can log in by it: a Unix domain socket has no TLS, so no certificates";
  return (endpoint.tls?.["ca-certificates"] ?? []).length > 0
    ? null
    : "no client can log in by it: the endpoint asks none for a certificate; list the authorities in tls.ca-certificates";
}
