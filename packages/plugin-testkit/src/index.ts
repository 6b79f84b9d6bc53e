export { CapturedLog, type LogLine } from "./captured-log.ts";
export { type AuthMethodSpec, describeAuthMethod } from "./describe-auth-method.ts";
export { describeSerializer, type SerializerSpec } from "./describe-serializer.ts";
export { describeStrategy, type StrategySpec } from "./describe-strategy.ts";
export { describeTransport, type TransportSpec } from "./describe-transport.ts";
export { FakeClient, type FrameLink, type HelloOptions, type WireMessage } from "./fake-client.ts";
export type { Runner } from "./runner.ts";
export { DEFAULT_REALMS, startTestRouter, type TestRouter, type TestRouterOptions } from "./test-router.ts";
