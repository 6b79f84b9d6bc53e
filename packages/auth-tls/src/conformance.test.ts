import { describeAuthMethod, sampleCertificate } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

const certificate = sampleCertificate();
const { sha1, sha256 } = certificate;
const [SHA256, SHA1] = [sha256.replaceAll(":", "").toLowerCase(), sha1];
const PATH = "tls.principals.joe";

/** A block with one principal. */
const principal = (own: object) => ({ principals: { joe: own } });

/** A block with two. */
const two = (joe: object, ann: object) => ({ principals: { joe, ann } });

const bad: [block: Readonly<Record<string, unknown>>, path: string][] = [
  [{}, "tls.principals"],
  [{ principals: {} }, "tls.principals"],
  [{ "authid-from": "subject.ou" }, "tls.authid-from"],
  [principal({ role: "user" }), `${PATH}.certificate-sha256`],
  [principal({ "certificate-sha256": SHA1 }), `${PATH}.certificate-sha256`],
  [principal({ "certificate-sha256": `${SHA256.slice(0, 63)}g` }), `${PATH}.certificate-sha256`],
  [principal({ "certificate-sha256": `:${SHA256}` }), `${PATH}.certificate-sha256`],
  [principal({ "certificate-sha256": [] }), `${PATH}.certificate-sha256`],
  [principal({ "certificate-sha256": [SHA256, 7] }), `${PATH}.certificate-sha256`],
  [principal({ "certificate-sha256": Array.from({ length: 17 }, () => SHA256) }), `${PATH}.certificate-sha256`],
  [principal({ "certificate-sha1": SHA256 }), `${PATH}.certificate-sha1`],
  [principal({ certificate_sha1: "" }), `${PATH}.certificate_sha1`],
  [principal({ "certificate-sha256": SHA256, certificate_sha256: SHA256 }), `${PATH}.certificate_sha256`],
  [principal({ "certificate-sha256": SHA256, "certificate-sha1": SHA1 }), `${PATH}.certificate-sha1`],
  [principal({ "certificate-sha256": SHA256, subject: { cn: "a" } }), `${PATH}.subject`],
  [principal({ subject: { cn: "a" }, "subject-alt-name": "DNS:a" }), `${PATH}.subject-alt-name`],
  [principal({ subject: "CN=a" }), `${PATH}.subject`],
  [principal({ subject: {} }), `${PATH}.subject`],
  [principal({ subject: { cn: "a", CN: "b" } }), `${PATH}.subject`],
  [principal({ subject: { cn: "" } }), `${PATH}.subject.cn`],
  [principal({ subject: { cn: ["a", "b"] } }), `${PATH}.subject.cn`],
  [principal({ "subject-alt-name": "client.example.com" }), `${PATH}.subject-alt-name`],
  [principal({ "subject-alt-name": "DNS:" }), `${PATH}.subject-alt-name`],
  [principal({ "subject-alt-name": "IP Address:192.0.2.1" }), `${PATH}.subject-alt-name`],
  [
    two({ "certificate-sha256": sha256 }, { "certificate-sha256": ["00".repeat(32), SHA256] }),
    "tls.principals.ann.certificate-sha256",
  ],
  [two({ "certificate-sha1": SHA1 }, { certificate_sha1: SHA1.toLowerCase() }), "tls.principals.ann.certificate_sha1"],
  [two({ subject: { cn: "a", o: "b" } }, { subject: { O: "b", CN: "a" } }), "tls.principals.ann.subject"],
  [two({ "subject-alt-name": "DNS:A.b" }, { "subject-alt-name": "DNS:a.B" }), "tls.principals.ann.subject-alt-name"],
];

describeAuthMethod(
  { describe, it },
  {
    plugin,
    method: "tls",
    block: principal({ "certificate-sha256": SHA256, role: "user" }),
    otherBlock: principal({ "certificate-sha256": "00".repeat(32), role: "user" }),
    authid: "joe",
    connection: { certificate },
    prove: null,
    proofIsFresh: false,
    badBlocks: bad.map(([block, path]) => ({ block, path })),
  },
);
