import { agreementOn } from "./agreement.ts";

const TERMS = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

it.each([
  ["permessage-deflate", TERMS],
  ["permessage-deflate; client_max_window_bits", TERMS],
  ['permessage-deflate; client_max_window_bits="10"; server_no_context_takeover', TERMS],
  ["permessage-deflate;server_max_window_bits=15", `${TERMS}; server_max_window_bits=15`],
  ["permessage-deflate; server_max_window_bits=10, permessage-deflate", TERMS],
  ["x-other; a=1, permessage-deflate; client_no_context_takeover", TERMS],
])("%s is agreed to", (offers, answer) => {
  expect(agreementOn(offers)).toBe(answer);
});

it.each([
  "",
  "x-other",
  "permessage-bzip2",
  "permessage-deflate; server_max_window_bits=10",
  "permessage-deflate; server_max_window_bits",
  "permessage-deflate; server_max_window_bits=16",
  "permessage-deflate; client_max_window_bits=7",
  "permessage-deflate; client_no_context_takeover=1",
  "permessage-deflate; client_max_window_bits; client_max_window_bits",
  "permessage-deflate; nonsense",
  "permessage-deflate; ; ",
  "permessage-deflate; constructor",
])("%j is declined", (offers) => {
  expect(agreementOn(offers)).toBeNull();
});
