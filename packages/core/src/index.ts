export { z } from "zod";
export type * from "./contract/config-keys.ts";
export { defineConfig } from "./config/define-config.ts";
export type { AuthConfig, RealmConfig, TransportConfig, WampgateConfig } from "./config/define-config.ts";
export type { PluginEntries } from "./config/plugin-options.ts";
export type { Action, AuthorizeQuery, Decision } from "./contract/authorization.ts";
export type { Connection, ConnectionHandler } from "./contract/connection.ts";
export { defineTransport } from "./plugins/define.ts";
export type { SlowClient, WaitingBytes } from "./contract/waiting-bytes.ts";
export type {
  Accepts,
  EntryEndpoint,
  KnownByTls,
  OpenEntry,
  RequestHandler,
  Transport,
  TransportContext,
  TransportEntry,
  TransportNeeds,
  UpgradeHandler,
} from "./contract/transport.ts";
export type { ListenEndpoint, TlsFiles } from "./contract/endpoint.ts";
export { endpointSchema } from "./transports/net/settings.ts";
export type { NamedServers } from "./transports/net/endpoints.ts";
export { FrameConnection, type Wire } from "./transports/frames/frame-connection.ts";
export type { OutgoingFrame } from "./transports/frames/outgoing.ts";
export { type Channel, transportDetails } from "./transports/net/details.ts";
export { type Subprotocol, type Subprotocols, subprotocolsOf } from "./transports/frames/subprotocols.ts";
export { ConfigError, type ConfigIssue } from "./errors/config-error.ts";
export { importErrorText } from "./errors/syntax-error.ts";
export { shownCause, thrownText } from "./errors/thrown.ts";
export { PluginError } from "./errors/plugin-error.ts";
export type { ErrorCode } from "./errors/table.ts";
export { WampgateError } from "./errors/wampgate-error.ts";
export type { CertificateName, ChannelBinding, ClientCertificate, Hello, TransportDetails } from "./contract/hello.ts";
export type { Log } from "./contract/log.ts";
export { Secret } from "./auth/secret.ts";
export { type DecoyChoice, decoyFor, decoyKey, type DecoyModels } from "./auth/decoys.ts";
export { type CheckedClient, whenItsTurn } from "./auth/hash-turns.ts";
export { hashSecret, SecretHash } from "./auth/secret-hash.ts";
export type {
  AuthMethod,
  FoundCredential,
  LoginAttempt,
  LoginPlace,
  PastJudgement,
  Phase,
  PrincipalQuery,
  Proof,
  Resolved,
  ClientAnswer,
  ClientHalf,
  SaidHello,
  StaticAssignment,
  StaticPrincipals,
  VerifiedPrincipal,
} from "./contract/method.ts";
export { BlockError } from "./errors/block-error.ts";
export type { BlockSurroundings, OpenBlock } from "./contract/block.ts";
export type { CalledProcedure, Strategy } from "./contract/strategy.ts";
export { defineLink, defineMethod, defineStrategy } from "./plugins/define.ts";
export { placeText } from "./auth/place-text.ts";
export { CAUSE_CODES, type CauseText, causeText } from "./auth/causes.ts";
export { stepText } from "./auth/step-notes.ts";
export type { ConfigRef, LoginRecord, LoginStep, StepCode, StepName, ValueSource } from "./contract/login-record.ts";
export type { Cause, CauseCode, CauseParams } from "./contract/login-cause.ts";
export type { SessionInfo } from "./contract/session-port.ts";
export type {
  Handler,
  HandlerDetails,
  LocalIdentity,
  LocalSession,
  ProgressHandler,
  Publication,
  Registration,
  RequestOptions,
  Subscription,
} from "./contract/local-session.ts";
export type { CallOptions, CallOutcome, ServiceCall, ServiceCallEnd } from "./contract/service-call.ts";
export { defineCommand, definePlugin } from "./plugins/define.ts";
export type {
  Command,
  CommandArgument,
  CommandCall,
  CommandFlag,
  CommandFlags,
  FlagValues,
} from "./contract/command.ts";
export { UsageError } from "./errors/usage-error.ts";
export type { LoadedPlugin, Plugin, PluginDefinition, Provided } from "./contract/plugin.ts";
export type { PluginApi, PluginHttp, PluginSide } from "./contract/plugin-api.ts";
export type * from "./contract/cluster-stats.ts";
export type * from "./contract/realm-link.ts";
export type * from "./contract/shared-state.ts";
export type { Schema, SchemaIssue, SchemaResult } from "./contract/schema.ts";
export type * from "./contract/observers.ts";
export { assignmentOf, assignmentsIn, findIn } from "./auth/static-principals.ts";
export { assignment, principalFields } from "./settings/assignment.ts";
export { caCertificates } from "./settings/ca-certificates.ts";
export { serverUrl, shownUrl } from "./settings/server-url.ts";
export {
  accept,
  acceptAgain,
  acceptAs,
  accepted,
  challenge,
  credential,
  DENIED,
  denied,
  deny,
  FAILED,
  refuse,
  unknown,
} from "./hooks/answers.ts";
export type { Assignment, Principal } from "./contract/assignment.ts";
export type { PrincipalAnswer, Verdict } from "./contract/verdict.ts";
export type { PastLogin } from "./contract/past-login.ts";
export { cookiesIn } from "./hooks/cookies.ts";
export type { UpgradeRefusal, UpgradeRequest } from "./contract/upgrade.ts";
export { AskedUpgrades } from "./transports/net/asked-upgrades.ts";
export { BadAnswer, readAnswer } from "./hooks/authenticator-answer.ts";
export { type SentDetails, sentDetails } from "./hooks/sent-details.ts";
export { sentTransport } from "./hooks/sent-transport.ts";
export type * from "./contract/hooks.ts";
export type { Component } from "./plugins/start-component.ts";
export type { Endpoint } from "./router/listeners.ts";
export { createRouter, type RouterOptions } from "./router/create-router.ts";
export type { CheckOptions, RouterCheck } from "./router/check.ts";
export type { Router } from "./router/router.ts";
export type { Reloaded } from "./router/reload.ts";
export { fromJson, toJson } from "./serializers/json/value.ts";
export type { Serializer } from "./serializers/serializer.ts";
export { Result } from "./session/local/values.ts";
export type { MemoryClient, MemoryConnectOptions } from "./transports/memory/memory.ts";
export { Circuit } from "./wamp/circuit.ts";
export { DeadlineError, within } from "./wamp/deadline.ts";
export { Room } from "./wamp/room.ts";
export { constantTimeEqual } from "./wamp/compare.ts";
export type { AnnouncedRole, ClientRole, ClientRoles } from "./wamp/client-features.ts";
export { CloseUri, ErrorUri } from "./wamp/error-uris.ts";
export { textAt } from "./serializers/texts.ts";
export { Code, headOf, isDict, kindOf, type Message, parseMessage } from "./wamp/messages.ts";
export type { Dict, Payload, PayloadValues } from "./wamp/payload.ts";
export type { RawValue } from "./wamp/raw-value.ts";
export { Sayable } from "./wamp/raw-value.ts";
export { unlessRepeated } from "./wamp/unless-repeated.ts";
export { isUri, type MatchPolicy, type UriCheck } from "./wamp/uri.ts";
export { WampError } from "./errors/wamp-error.ts";
