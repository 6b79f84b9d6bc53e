import { describeAuthMethod } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

// Its static block has no principals: which clients it lets in again is in test/cookie.test.ts.
describeAuthMethod(
  { describe, it },
  {
    plugin,
    method: "cookie",
    block: {},
    otherBlock: null,
    authid: null,
    prove: null,
    proofIsFresh: false,
    badBlocks: [
      { block: { name: "two words" }, path: "cookie.name" },
      { block: { name: "x".repeat(65) }, path: "cookie.name" },
      { block: { length: 21 }, path: "cookie.length" },
      { block: { length: 65 }, path: "cookie.length" },
      { block: { "max-age": 0 }, path: "cookie.max-age" },
      { block: { "max-age": 60, max_age: 60 }, path: "cookie.max_age" },
      { block: { "same-site": "lax" }, path: "cookie.same-site" },
      { block: { "same-site": "None", secure: false }, path: "cookie.secure" },
      { block: { name: "__Host-id", secure: false }, path: "cookie.secure" },
      { block: { name: "__Host-id", path: "/app" }, path: "cookie.path" },
      { block: { path: "app" }, path: "cookie.path" },
      { block: { store: { type: "database" } }, path: "cookie.store.type" },
      { block: { store: { type: "file" } }, path: "cookie.store.filename" },
    ],
  },
);
