/** The keys by which a principal names its certificates, as the config has them. */
export interface Written {
  readonly "certificate-sha256"?: string | readonly string[] | undefined;
  readonly "certificate-sha1"?: string | readonly string[] | undefined;
  readonly certificate_sha256?: string | readonly string[] | undefined;
  readonly certificate_sha1?: string | readonly string[] | undefined;
  readonly subject?: Readonly<Record<string, string>> | undefined;
  readonly "subject-alt-name"?: string | undefined;
}

/** What one of these keys says. `key`: which one it is. */
export type Selector = { readonly key: keyof Written } & (
  | { readonly kind: "fingerprints"; readonly fingerprints: readonly string[] }
  | { readonly kind: "subject"; readonly attributes: Attributes }
  | { readonly kind: "alternative"; readonly name: string }
);

/** In the order of their names, which are in lower case. */
export type Attributes = readonly (readonly [name: string, value: string])[];

const FINGERPRINTS = ["certificate-sha256", "certificate-sha1", "certificate_sha256", "certificate_sha1"] as const;

/** All that a principal says of its certificates. */
export function selectorsOf(own: Written): Selector[] {
  const { subject, "subject-alt-name": name } = own;
  return [
    ...FINGERPRINTS.flatMap((key): Selector[] => {
      const given = own[key];
      return given === undefined
        ? []
        : [{ key, kind: "fingerprints", fingerprints: [...new Set([given].flat().map(fingerprint))] }];
    }),
    ...(subject === undefined ? [] : [{ key: "subject", kind: "subject", attributes: sorted(subject) } as const]),
    ...(name === undefined ? [] : [{ key: "subject-alt-name", kind: "alternative", name: alternative(name) } as const]),
  ];
}

/** Hex digits alone, in upper case. Those of SHA-1 and SHA-256 differ in length. */
export function fingerprint(text: string): string {
  return text.replaceAll(":", "").toUpperCase();
}

/** The names of DNS are the same in upper and lower case. */
function alternative(name: string): string {
  return name.startsWith("DNS:") ? name.toLowerCase().replace("dns:", "DNS:") : name;
}

function sorted(subject: Readonly<Record<string, string>>): Attributes {
  return Object.entries(subject)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** The same texts for the same certificates. */
export function textsOf(selector: Selector): readonly string[] {
  switch (selector.kind) {
    case "fingerprints":
      return selector.fingerprints;
    case "subject":
      return [JSON.stringify(selector.attributes)];
    case "alternative":
      return [selector.name];
  }
}
