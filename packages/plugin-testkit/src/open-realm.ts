/** The realm of suites that try everything: its role `user` may do all that needs no rule of its own, and the meta API. */
export const OPEN_REALM = {
  name: "realm1",
  roles: [
    {
      name: "user",
      permissions: [
        { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
        { uri: "wamp.", match: "prefix", allow: { call: true, subscribe: true } },
      ],
    },
  ],
} as const;
