import type { MethodSettings } from "../contract/auth-settings.ts";
import type { ListenEndpoint } from "../contract/endpoint.ts";
import type { AuthMethod } from "../contract/method.ts";
import type { Transport } from "../contract/transport.ts";
import { issueText } from "../errors/config-error.ts";
import { rawsocket } from "../transports/rawsocket/rawsocket.ts";
import { rawsocketSchema } from "../transports/rawsocket/settings.ts";
import { websocketSchema } from "../transports/websocket/settings.ts";
import { websocket } from "../transports/websocket/websocket.ts";
import { checkListening, warnOfMethods } from "./check-listening.ts";
import { Issues } from "./issues.ts";

interface Entry {
  readonly transport: Transport;
  readonly options: unknown;
}

function told(entries: readonly Entry[]): string[] {
  const issues = new Issues();
  checkListening(
    entries.map((entry, i) => ({ ...entry, at: ["transports", i] })),
    { serializers: ["json"], servers: new Set() },
    issues,
  );
  return issues.found.map((issue) => issueText(issue, "config"));
}

describe("transports that cannot listen beside each other are told so", () => {
  const web = (endpoint: object, over: object = {}): Entry => ({
    transport: websocket,
    options: websocketSchema.parse({ endpoint, ...over }),
  });
  const raw = (endpoint: object): Entry => ({
    transport: rawsocket,
    options: rawsocketSchema.parse({ endpoint }),
  });
  const tcp = (port: number, over: object = {}) => ({ type: "tcp", port, ...over });
  const unix = (path: string) => ({ type: "unix", path });
  const taken = (where: string, own = where): string =>
    `transports[1].endpoint: transports[0] listens on ${where} already, so that this transport cannot listen on ${own}; give one of them another`;

  it.each<[string, Entry[], string]>([
    [
      "one path on one port",
      [web(tcp(8080)), web(tcp(8080))],
      'transports[1]: it has the endpoint of transports[0], which takes WebSockets at the path "/ws" there; give one of them another path',
    ],
    [
      "one port with and without TLS",
      [web(tcp(8080)), web(tcp(8080, { tls: { key: "k", certificate: "c" } }), { path: "/b" })],
      "transports[1]: it has the endpoint of transports[0], but another tls; give both the same, or other endpoints",
    ],
    [
      "two RawSockets",
      [raw(tcp(8080)), raw(tcp(8080))],
      "transports[1]: it has the endpoint of transports[0], which takes connections that begin with the byte 0x7f there; give one of them another endpoint",
    ],
    ["all addresses and one", [web(tcp(8080, { host: "0.0.0.0" })), web(tcp(8080))], taken("port 8080")],
    ["one address and all of IPv6", [raw(tcp(8080)), raw(tcp(8080, { host: "::" }))], taken("port 8080")],
    ["one socket by two paths", [web(unix("/tmp/a")), web(unix("/tmp/b/../a"))], taken("/tmp/a", "/tmp/b/../a")],
    [
      "a serializer that is not loaded",
      [web(tcp(8080), { serializers: ["json", "jsom"] })],
      'transports[0].serializers[1]: no serializer "jsom" is loaded; did you mean "json"? There are: json; others come from plugins',
    ],
  ])("%s", (_what, transports, expected) => {
    expect(told(transports)).toEqual([expected]);
  });

  it.each<[string, Entry[]]>([
    ["paths of one port", [web(tcp(8080)), web(tcp(8080), { path: "/b" })]],
    ["two types on one endpoint", [web(tcp(8080)), raw(tcp(8080)), web(unix("/tmp/a")), raw(unix("/tmp/a"))]],
    ["free ports", [web(tcp(0)), raw(tcp(0)), raw(tcp(0, { "trusted-proxies": ["10.0.0.1"] }))]],
    ["other ports", [web(tcp(8080)), raw(tcp(8081))]],
    ["other addresses", [web(tcp(8080)), raw(tcp(8080, { host: "127.0.0.2" }))]],
    ["IPv4 and one address of IPv6", [web(tcp(8080, { host: "0.0.0.0" })), raw(tcp(8080, { host: "::1" }))]],
    ["sockets and ports", [web(unix("/tmp/a")), web(unix("/tmp/b")), raw(tcp(8080))]],
  ])("but not %s", (_what, transports) => {
    expect(told(transports)).toEqual([]);
  });
});

describe("a method by which no client can log in at an endpoint", () => {
  const warned = (unusableAt: AuthMethod["unusableAt"], mayBegin = true, options: object = { port: 8080 }) => {
    const [issues, warnings] = [new Issues(), new Issues()];
    const entry = { transport: websocket, options: websocketSchema.parse({ endpoint: { type: "tcp", ...options } }) };
    const method = { method: { unusableAt }, blocks: [{ mayBegin }] } as unknown as MethodSettings;
    warnOfMethods([{ ...entry, auth: new Map([["cards", method]]), at: ["transports", 0] }], { issues, warnings });
    return [issues, warnings].map(({ found }) => found.map((issue) => issueText(issue, "config")));
  };

  it("is warned of, where clients may begin with it", () => {
    const why = ({ type }: ListenEndpoint): string | null => (type === "tcp" ? "it needs a slot for cards" : null);
    expect(warned(why)).toEqual([[], ["transports[0].auth.cards: it needs a slot for cards"]]);
    expect(warned(why, false)).toEqual([[], []]);
    expect(warned(why, true, { type: "unix", path: "/run/x.sock" })).toEqual([[], []]);
    expect(warned(why, true, { type: "server", name: "main" })).toEqual([[], []]);
    expect(warned(undefined)).toEqual([[], []]);
  });

  it("is a problem if its plugin fails to say so", () => {
    const boom = (): never => {
      throw new Error("boom");
    };
    expect(warned(boom)).toEqual([["transports[0].auth.cards: the plugin failed to read it: boom"], []]);
  });
});
