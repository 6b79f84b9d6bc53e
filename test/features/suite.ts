import type { Party, PartyOptions } from "../support/party.ts";

/** What the tests of the features share: one router, and how to join it. */
export interface Suite {
  readonly join: (options?: PartyOptions) => Promise<Party>;
  /** Declares the tests of a feature that WELCOME announces. */
  readonly feature: (name: `${"broker" | "dealer"}.${string}`, tests: () => void) => void;
}

const everything = { "allow-by-default": true };

export const REALMS = [
  {
    name: "realm1",
    roles: [
      { name: "user", ...everything },
      { name: "other", ...everything },
      { name: "senior", ...everything, "trust-level": 7 },
      {
        name: "admin",
        permissions: [
          { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
          { uri: "wamp.", match: "prefix", allow: { call: true, subscribe: true } },
        ],
      },
      {
        name: "shown",
        permissions: [
          {
            uri: "com.",
            match: "prefix",
            allow: { call: true, publish: true },
            disclose: { caller: true, publisher: true },
          },
          { uri: "wamp.", match: "prefix", allow: { call: true } },
        ],
      },
      {
        name: "guest",
        permissions: [
          { uri: "wamp.", match: "prefix", allow: { call: true } },
          { uri: "com.open.", match: "prefix", allow: { publish: true, subscribe: true, call: true } },
        ],
      },
    ],
    options: {
      "event-history": [
        { uri: "com.history.one", limit: 3 },
        { uri: "com.history.some.", match: "prefix", limit: 10 },
      ],
      "retained-topics": 50,
    },
  },
  {
    name: "strict",
    roles: [{ name: "user", ...everything }],
    options: { "uri-check": "strict", "request-ids": "strict", "disclose-me": "forbid" },
  },
];
