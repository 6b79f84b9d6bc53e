import type { ClientCertificate } from "@wampgate/core";

/** Where an authid may come from. */
export const AUTHID_SOURCES = ["subject.cn", "san.dns", "san.uri", "san.email", "sha256"] as const;

export type AuthidSource = (typeof AUTHID_SOURCES)[number];

/** The one value of something in a certificate; or why there is none that can be used. */
export type Only =
  | { readonly value: string }
  /** @property problem as the end of a sentence about the certificate @property isMissing it has nothing of the kind */
  | { readonly value: null; readonly problem: string; readonly isMissing: boolean };

/** The type of each name that an authid may come from. */
const TYPES = { "san.dns": "DNS", "san.uri": "URI", "san.email": "email" } as const;

/** The authid of a certificate that no principal names. */
export function authidFrom(certificate: ClientCertificate, source: AuthidSource): Only {
  switch (source) {
    case "sha256":
      return { value: certificate.sha256 };
    case "subject.cn":
      return attributeOf(certificate, "cn");
    default:
      return alternativeOf(certificate, TYPES[source]);
  }
}

/** The value of an attribute of its subject. @param name in lower case */
export function attributeOf({ subject }: ClientCertificate, name: string): Only {
  const values = Object.hasOwn(subject, name) ? [subject[name]].flat() : [];
  return only(values as string[], `${name} in its subject`);
}

/** Its name of a type. @param type `DNS`, `URI`, `email` */
export function alternativeOf({ subjectaltname }: ClientCertificate, type: string): Only {
  const prefix = `${type}:`;
  const values = subjectaltname.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  return only(type === "DNS" ? values.map((name) => name.toLowerCase()) : values, `name of the type ${type}`);
}

/**
 * The value, if there is exactly one: two names would be of two principals. A name with a NUL is refused, since programs that
 * stop reading there take it for a shorter one, which may have been what its owner wanted.
 */
function only([value = "", ...others]: readonly string[], what: string): Only {
  const none = (problem: string, isMissing = false): Only => ({ value: null, problem, isMissing });
  if (others.length > 0) return none(`it has more than one ${what}`);
  if (value === "") return none(`it has no ${what}`, true);
  return value.includes("\0") ? none(`the ${what} has a NUL in it`) : { value };
}

/** The end of a certificate that never ends (RFC 5280 section 4.1.2.5), and what else is too late for an `expires`. */
const NEVER = 1e11;

/** When it expires, in seconds since 1970; undefined: never. */
export function endOf({ not_after: text }: ClientCertificate): number | undefined {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const seconds = Date.parse(iso) / 1000;
  return seconds < NEVER ? seconds : undefined;
}

/** For the operator, who may want to list it. */
export function shown({ sha256, subject }: ClientCertificate): string {
  const attributes = Object.entries(subject).map(([name, value]) => `${name}=${[value].flat().join(` and ${name}=`)}`);
  return `sha256 ${sha256}, ${attributes.length === 0 ? "no subject" : attributes.join(", ")}`;
}
