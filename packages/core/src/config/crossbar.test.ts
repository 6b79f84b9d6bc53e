import { z } from "zod";
import { rawsocket } from "../transports/rawsocket/rawsocket.ts";
import { memory } from "../transports/memory/memory.ts";
import { websocket } from "../transports/websocket/websocket.ts";
import { defineMethod, definePlugin } from "../plugins/define.ts";
import { accept, credential } from "../hooks/answers.ts";
import { ConfigError, issueText } from "../errors/config-error.ts";
import { locatorOf } from "./locate.ts";
import { loadConfig } from "./load.ts";
import { parseJson, parseYaml } from "./parse.ts";

// Configs of Crossbar.io as they are found in the field, made small. Each mistake gets one message.

const knock = defineMethod({
  name: "knock",
  at: "hello",
  credential: z.object({}),
  challenge: () => accept(),
  decoy: () => credential({}),
  static: {
    schema: z.strictObject({ role: z.string() }),
    find: () => credential({}),
    assignments: () => [],
  },
});
const plugin = definePlugin({ name: "knock", core: "*", methods: [knock] });

/** The problems and the warnings of a text, one line each. */
async function told(name: string, text: string): Promise<string[]> {
  const format = name.endsWith(".json") ? "json" : "yaml";
  const raw = { plugins: [plugin], ...((format === "json" ? parseJson(text) : parseYaml(text)) as object) };
  const source = { file: `/etc/${name}`, folder: "/etc", raw, locate: locatorOf(format, text) };
  try {
    const { warnings } = await loadConfig(source, {
      cwd: "/etc",
      transports: [websocket, rawsocket, memory],
      serializers: ["json"],
    });
    return warnings.map((warning) => `warning: ${issueText(warning, source.file)}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues.map((issue) => issueText(issue, source.file));
  }
}

const TRANSPORT = `
transports:
  - type: websocket
    endpoint: { type: tcp, port: 8080 }
    auth: { knock: { type: static, role: anonymous } }
`;
const REALM = `
realms:
  - name: realm1
    roles: [{ name: anonymous, allow-by-default: true }]
`;

it("a whole node file is named as one, and nothing else is told", async () => {
  const text = `{
  "version": 2,
  "controller": {},
  "workers": [
    { "type": "router",
      "realms": [{ "name": "realm1", "roles": [{ "name": "anonymous", "permissions": [] }] }],
      "transports": [{ "type": "web", "endpoint": { "type": "tcp", "port": 8080 }, "paths": { "/": { "type": "static" } } }] }
  ]
}`;
  expect(await told("config.json", text)).toEqual([
    expect.stringMatching(
      /^config\.json:4: workers: this is a node file of Crossbar\.io: .* docs\/guides\/crossbar\.md$/,
    ),
  ]);
});

it("rules of version 1 are told that what they allow belongs in allow, one message for each rule", async () => {
  const text = `
realms:
  - name: realm1
    roles:
      - name: anonymous
        permissions:
          - uri: com.example.*
            publish: true
            subscribe: true
            call: true
            register: false
          - { uri: "*", call: true }
${TRANSPORT}`;
  expect(await told("config.yaml", text)).toEqual([
    "config.yaml:7: realms[0].roles[0].permissions[0]: what the role may do there belongs in allow, as { call: true, register: false, publish: true, subscribe: true }",
    "config.yaml:12: realms[0].roles[0].permissions[1]: what the role may do there belongs in allow, as { call: true }",
  ]);
});

it("a web transport with paths is told to become one transport for each path", async () => {
  const text = `${REALM}
transports:
  - type: web
    endpoint: { type: tcp, port: "$PORT" }
    paths:
      /: { type: static, directory: ../web }
      ws: { type: websocket, auth: { knock: { type: static, role: anonymous } } }
`;
  expect(await told("config.yaml", text)).toEqual([
    expect.stringMatching(
      /^config\.yaml:7: transports\[0\]\.type: web is a type of Crossbar\.io: each of its paths of type websocket is a transport of its own here/,
    ),
  ]);
});

it("a universal transport is told to become two", async () => {
  const text = `${REALM}
transports:
  - type: universal
    endpoint: { type: tcp, port: 8080 }
    rawsocket: { serializers: [cbor] }
    websocket: { ws: { type: websocket } }
`;
  expect(await told("config.yaml", text)).toEqual([
    expect.stringMatching(
      /^config\.yaml:7: transports\[0\]\.type: universal is a type of Crossbar\.io: its rawsocket and each path of its websocket are transports of their own here; with the same endpoint they share its port/,
    ),
  ]);
});

it("the options of a WebSocket are told their names, and those of its endpoint", async () => {
  const text = `${REALM}
transports:
  - type: websocket
    name: ws1
    endpoint:
      type: tcp
      port: $PORT
      interface: 127.0.0.1
      backlog: 1024
      tls:
        key: server.key
        certificate: server.crt
        chain_certificates: [ca.crt]
        dhparam: dhparam.pem
    url: wss://localhost/ws
    options:
      auto_ping_interval: 10000
      auto_ping_timeout: 5000
      max_message_size: 1048576
      fail_by_drop: true
    auth: { knock: { type: static, role: anonymous } }
`;
  expect(await told("config.yaml", text)).toEqual([
    "config.yaml:8: transports[0].name: unknown key; it has no meaning here: remove it",
    "config.yaml:11: transports[0].endpoint.port: a value of the environment is written ${PORT}, not $PORT",
    'config.yaml:12: transports[0].endpoint.interface: unknown key; did you mean "host"?',
    "config.yaml:13: transports[0].endpoint.backlog: unknown key; how many connections the system queues is fixed here: remove it",
    'config.yaml:17: transports[0].endpoint.tls.chain_certificates: unknown key; did you mean "chain-certificates"?',
    "config.yaml:18: transports[0].endpoint.tls.dhparam: unknown key; Node.js brings what it needs: remove it",
    "config.yaml:19: transports[0].url: unknown key; it has no meaning here: remove it",
    "config.yaml:20: transports[0].options: unknown key; options of Crossbar.io are keys of the transport here: auto_ping_interval is ping-interval, max_message_size is max-message-size; remove the others",
  ]);
});

it("components of Python are told to connect as clients", async () => {
  const text = `${REALM}${TRANSPORT}
components:
  - { type: class, classname: backend.Backend, realm: realm1, role: anonymous }
  - type: function
    callbacks: { join: backend.joined }
    realm: realm1
    role: anonymous
`;
  const message =
    'a component here is a JavaScript file or a package, as module: "./component.js"; one in Python or another language connects to a transport as a client';
  expect(await told("config.yaml", text)).toEqual([
    `config.yaml:12: components[0].module: ${message}`,
    `config.yaml:13: components[1].module: ${message}`,
  ]);
});

it("methods and kinds of principals that are not there are named, with what to do", async () => {
  const text = `${REALM}
transports:
  - type: websocket
    endpoint: { type: tcp, port: 8080 }
    cookie: { store: { type: memory } }
    auth:
      wampcra: { type: static, users: { joe: { secret: "123456", role: anonymous } } }
      cryptosign: { type: static, principals: { joe: { authorized_keys: [], role: anonymous } } }
      cookie: {}
      anonymous-proxy: { type: static }
      knock: { type: function, create: backend.authenticate }
`;
  expect(await told("config.yaml", text)).toEqual([
    "config.yaml:9: transports[0].cookie: unknown key; what it says of the cookie belongs into auth.cookie here",
    'config.yaml:11: transports[0].auth.wampcra: no loaded plugin provides the method "wampcra"; run: npm install @wampgate/auth-wampcra, and list it in plugins',
    'config.yaml:12: transports[0].auth.cryptosign: no loaded plugin provides the method "cryptosign"; run: npm install @wampgate/auth-cryptosign, and list it in plugins',
    'config.yaml:13: transports[0].auth.cookie: no loaded plugin provides the method "cookie"; run: npm install @wampgate/auth-cookie, and list it in plugins',
    "config.yaml:14: transports[0].auth.anonymous-proxy: anonymous-proxy is left out: it lets a client name its own realm and role, without a proof",
    'config.yaml:15: transports[0].auth.knock.type: no loaded plugin provides the strategy "function"; run: npm install @wampgate/auth-function, and list it in plugins',
  ]);
});

it("what a realm and its rules have no use for here is named, with what takes its place", async () => {
  const text = `
realms:
  - name: realm1
    options: { uri_check: strict, enable_meta_api: true, event_dispatching_chunk_size: 50 }
    store: { type: memory, event-history: [{ uri: com.example.topic, limit: 100 }] }
    roles:
      - name: anonymous
        permissions:
          - { uri: "*", allow: { call: true }, disclose: { caller: true }, cache: true }
          - { uri: com.example.typed, allow: { call: true }, validate: { call: com.example.schema } }
${TRANSPORT}`;
  expect(await told("config.yaml", text)).toEqual([
    "config.yaml:4: realms[0].options.enable_meta_api: unknown key; permissions say who may use the meta API here: remove it",
    "config.yaml:4: realms[0].options.event_dispatching_chunk_size: unknown key; it has no meaning here: remove it",
    'config.yaml:4: realms[0].options.uri_check: unknown key; did you mean "uri-check"?',
    "config.yaml:5: realms[0].store: unknown key; which events are kept is said by event-history in options here",
    "config.yaml:10: realms[0].roles[0].permissions[1].validate: validate is not supported: the router does not look into payloads",
  ]);
});

it("what Node.js decides of an endpoint is named key by key, with what to do", async () => {
  const text = `${REALM}
transports:
  - type: rawsocket
    endpoint: { type: tcp, port: 8080, version: 4, shared: true, user_timeout: 5, tls: { key: a.key, certificate: a.crt, ciphers: ECDHE } }
    serializers: [cbor]
    auth: { knock: { type: static, role: anonymous } }
`;
  expect(await told("config.yaml", text)).toEqual([
    "config.yaml:8: transports[0].endpoint.version: unknown key; an address as host says which version of IP it is: remove it",
    "config.yaml:8: transports[0].endpoint.shared: unknown key; one process listens on a port here: remove it",
    "config.yaml:8: transports[0].endpoint.user_timeout: unknown key; it has no meaning here: remove it",
    "config.yaml:8: transports[0].endpoint.tls.ciphers: unknown key; those of Node.js are used; minimum-version refuses older clients: remove it",
  ]);
});

it("a star beside an explicit match is a warning, since the rule matches nothing that was meant", async () => {
  const text = `
realms:
  - name: realm1
    roles:
      - name: anonymous
        permissions:
          - { uri: com.example.*, match: prefix, allow: { call: true } }
          - { uri: com.example.*, allow: { publish: true } }
${TRANSPORT}`;
  expect(await told("config.yaml", text)).toEqual([
    expect.stringMatching(
      /^warning: config\.yaml:7: realms\[0\]\.roles\[0\]\.permissions\[0\]: with match: prefix a \* is only a character/,
    ),
  ]);
});

it("what belongs to a node file beside realms of its own is named key by key", async () => {
  expect(await told("config.yaml", `version: 2\n${REALM}${TRANSPORT}`)).toEqual([
    "config.yaml:1: version: unknown key; it belongs to a node file of Crossbar.io, and has no meaning here: remove it",
  ]);
});
