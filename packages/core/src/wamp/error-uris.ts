/** The error and close URIs of the WAMP spec (basic/uri_reference, advanced) that the router sends. */
export const ErrorUri = {
  authenticationDenied: "wamp.error.authentication_denied",
  authenticationFailed: "wamp.error.authentication_failed",
  authorizationFailed: "wamp.error.authorization_failed",
  canceled: "wamp.error.canceled",
  featureNotSupported: "wamp.error.feature_not_supported",
  /** This router's own: the spec has none for it. */
  limitExceeded: "wampgate.error.limit_exceeded",
  invalidArgument: "wamp.error.invalid_argument",
  invalidUri: "wamp.error.invalid_uri",
  networkFailure: "wamp.error.network_failure",
  noAvailableCallee: "wamp.error.no_available_callee",
  noMatchingAuthMethod: "wamp.error.no_matching_auth_method",
  noSuchPrincipal: "wamp.error.no_such_principal",
  noSuchProcedure: "wamp.error.no_such_procedure",
  noSuchRealm: "wamp.error.no_such_realm",
  noSuchRegistration: "wamp.error.no_such_registration",
  noSuchRole: "wamp.error.no_such_role",
  noSuchSession: "wamp.error.no_such_session",
  noSuchSubscription: "wamp.error.no_such_subscription",
  notAuthorized: "wamp.error.not_authorized",
  optionDisallowedDiscloseMe: "wamp.error.option_disallowed.disclose_me",
  optionNotAllowed: "wamp.error.option_not_allowed",
  payloadSizeExceeded: "wamp.error.payload_size_exceeded",
  procedureAlreadyExists: "wamp.error.procedure_already_exists",
  protocolViolation: "wamp.error.protocol_violation",
  /** This router's own: more than `max-buffered` waits for the receiver. */
  receiverBusy: "wampgate.error.receiver_busy",
  runtimeError: "wamp.error.runtime_error",
  timeout: "wamp.error.timeout",
  /** A callee cannot handle the call now (spec, advanced, "Call Re-Routing"). */
  unavailable: "wamp.error.unavailable",
} as const;

/** Reasons of GOODBYE (spec, basic/sessions "Closing"). */
export const CloseUri = {
  goodbyeAndOut: "wamp.close.goodbye_and_out",
  killed: "wamp.close.killed",
  /** This router's own: the login has expired, or the session has lasted for its role's `max-session-time`. */
  expired: "wampgate.close.expired",
  /** The client ends its login, too, as that of a cookie. */
  logout: "wamp.close.logout",
  closeRealm: "wamp.close.close_realm",
  systemShutdown: "wamp.close.system_shutdown",
} as const;
