/** The error and close URIs of the WAMP spec (basic/uri_reference, advanced) that the router sends. */
export const ErrorUri = {
  authenticationDenied: "wamp.error.authentication_denied",
  authenticationFailed: "wamp.error.authentication_failed",
  authorizationFailed: "wamp.error.authorization_failed",
  canceled: "wamp.error.canceled",
  invalidArgument: "wamp.error.invalid_argument",
  invalidUri: "wamp.error.invalid_uri",
  noMatchingAuthMethod: "wamp.error.no_matching_auth_method",
  noSuchPrincipal: "wamp.error.no_such_principal",
  noSuchProcedure: "wamp.error.no_such_procedure",
  noSuchRealm: "wamp.error.no_such_realm",
  noSuchRegistration: "wamp.error.no_such_registration",
  noSuchRole: "wamp.error.no_such_role",
  noSuchSubscription: "wamp.error.no_such_subscription",
  notAuthorized: "wamp.error.not_authorized",
  optionNotAllowed: "wamp.error.option_not_allowed",
  procedureAlreadyExists: "wamp.error.procedure_already_exists",
  protocolViolation: "wamp.error.protocol_violation",
  runtimeError: "wamp.error.runtime_error",
} as const;

/** Reasons of GOODBYE (spec, basic/sessions "Closing"). */
export const CloseUri = {
  goodbyeAndOut: "wamp.close.goodbye_and_out",
  closeRealm: "wamp.close.close_realm",
  systemShutdown: "wamp.close.system_shutdown",
} as const;
