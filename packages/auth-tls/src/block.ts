import { principalFields, z } from "@wampgate/core";
import { AUTHID_SOURCES } from "./certificate.ts";
import { selectorsOf, textsOf, type Written } from "./selectors.ts";

/** How many certificates a principal may list. */
const MOST_CERTIFICATES = 16;

const KEYS = "certificate-sha256, subject and subject-alt-name";

/** One fingerprint, or several. */
function fingerprints(hash: string, bytes: number) {
  const one = z.string().regex(new RegExp(`^(?:[\\dA-Fa-f]{2}:?){${bytes - 1}}[\\dA-Fa-f]{2}$`), {
    error: `expected a ${hash} fingerprint, ${bytes * 2} hex digits with or without colons`,
  });
  return z
    .union([one, z.array(one).min(1).max(MOST_CERTIFICATES)], {
      error: `expected a ${hash} fingerprint, ${bytes * 2} hex digits with or without colons, or a list of 1 to ${MOST_CERTIFICATES}`,
    })
    .optional()
    .meta({ shown: true });
}

const [sha256, sha1] = [fingerprints("SHA-256", 32), fingerprints("SHA-1", 20)];

const subject = z
  .record(z.string().min(1), z.string().min(1))
  .superRefine((attributes, context) => {
    const names = Object.keys(attributes).map((name) => name.toLowerCase());
    if (names.length === 0)
      context.addIssue({ code: "custom", message: "expected attributes, as { cn: … }, found none" });
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      context.addIssue({ code: "custom", message: `${twice} is there twice: its case does not matter` });
  })
  .optional()
  .meta({ shown: true });

const principal = z
  .strictObject({
    "certificate-sha256": sha256.describe("the SHA-256 fingerprint of its certificate, or of several"),
    "certificate-sha1": sha1.describe("the same by SHA-1, as in Crossbar.io: use `certificate-sha256`"),
    certificate_sha256: sha256.describe("the same as `certificate-sha256`"),
    certificate_sha1: sha1.describe("the same as `certificate-sha1`"),
    subject: subject.describe(
      "attributes of the subject of its certificate, all of which must be equal: `{ cn: client_0 }`",
    ),
    "subject-alt-name": z
      .string()
      .regex(/^(?:DNS|URI|email):./, { error: "expected a name with its type: DNS:…, URI:… or email:…" })
      .optional()
      .describe("the name of its certificate of that type: `DNS:…`, `URI:…` or `email:…`")
      .meta({ shown: true }),
    ...principalFields,
  })
  .superRefine((own, context) => {
    const found = selectorsOf(own as Written).map(({ key }) => key);
    if (found.length === 1) return;
    const message = `expected exactly one of ${KEYS}, found ${found.length === 0 ? "none" : found.join(" and ")}`;
    context.addIssue({ code: "custom", path: [found[1] ?? "certificate-sha256"], message });
  });

/** A block of `type: static`. */
export const block = z
  .strictObject({
    principals: z.record(z.string(), principal).default({}).describe("who may log in, by authid"),
    "authid-from": z
      .enum(AUTHID_SOURCES)
      .optional()
      .describe("lets in each certificate of `ca-certificates` that no principal names, with this as authid")
      .meta({ shown: true }),
  })
  .superRefine(({ principals, ...own }, context) => {
    if (Object.keys(principals).length === 0 && own["authid-from"] === undefined)
      context.addIssue({ code: "custom", path: ["principals"], message: "expected principals, or authid-from" });
    const holders = new Map<string, string>();
    for (const [authid, one] of Object.entries(principals))
      for (const selector of selectorsOf(one))
        for (const text of textsOf(selector)) {
          const holder = holders.get(text);
          const message = `"${holder ?? ""}" has the same ${selector.key}: a certificate is of one principal alone`;
          if (holder === undefined) holders.set(text, authid);
          else context.addIssue({ code: "custom", path: ["principals", authid, selector.key], message });
        }
  });

export type Block = z.output<typeof block>;
