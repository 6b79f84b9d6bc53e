/** Where the router listens. */
export type ListenEndpoint =
  | { readonly type: "tcp"; readonly host: string; readonly port: number; readonly tls?: TlsFiles | undefined }
  | { readonly type: "unix"; readonly path: string };

/** The files of a TLS endpoint, relative to the config's folder. */
export interface TlsFiles {
  readonly key: string;
  readonly certificate: string;
  readonly "chain-certificates": readonly string[];
  readonly "ca-certificates"?: readonly string[] | undefined;
  readonly "client-certificates"?: "required" | "optional" | undefined;
}
