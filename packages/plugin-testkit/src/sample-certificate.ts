import type { ClientCertificate } from "@wampgate/core";

/**
 * A client's certificate as TLS would tell of it, for tests of what looks at one. It is good for a day.
 *
 * @param own what is different in it
 * @example router.connect({ certificate: sampleCertificate({ subject: { cn: "client_7" } }) });
 */
export function sampleCertificate(own: Partial<ClientCertificate> = {}): ClientCertificate {
  const day = 24 * 3600_000;
  return {
    sha1: Array(20).fill("A1").join(":"),
    sha256: Array(32).fill("A2").join(":"),
    subject: { cn: "client_0" },
    issuer: { cn: "authority" },
    serial: "01",
    not_before: timeOf(Date.now() - day),
    not_after: timeOf(Date.now() + day),
    expired: false,
    extensions: [],
    subjectaltname: [],
    ...own,
  };
}

/** `20260131080000Z`. */
function timeOf(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+|[-:T]/g, "");
}
