export { constantTimeEqual } from "./wamp/compare.ts";
export { CloseUri, ErrorUri } from "./wamp/error-uris.ts";
export { isUri, type MatchPolicy, type UriCheck } from "./wamp/uri.ts";
