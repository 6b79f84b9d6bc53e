import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDict, type Message, type Serializer } from "@wampgate/core";
import { cbor } from "../packages/core/src/serializers/cbor/codec.ts";
import { json } from "../packages/core/src/serializers/json/codec.ts";
import { msgpack } from "../packages/core/src/serializers/msgpack/codec.ts";
import { type Party, startParties } from "./support/party.ts";

// The WAMP specification's machine-readable test vectors (wamp-proto/testsuite). They are no part of this repository:
// they are looked for in the folder that WAMP_TESTSUITE names, which must then be there, or else beside the checkout.

const NAMED = process.env["WAMP_TESTSUITE"];
const FOLDER = NAMED ?? join(import.meta.dirname, "../../shared/wamp-testsuite");
const IS_THERE = NAMED !== undefined || existsSync(FOLDER);

interface Sample {
  readonly description: string;
  readonly serializers?: Record<string, { bytes_hex: string }[]>;
  readonly expected_attributes?: Record<string, unknown>;
  readonly wmsg?: unknown[];
  readonly expected_error?: { contains: string };
}
interface Vectors {
  readonly wamp_message_type: string;
  readonly samples: Sample[];
}

const SERIALIZERS: Record<string, Serializer> = { json, msgpack, cbor };

/** What the vectors call a field, where messages here call it otherwise. */
const NAMES: Record<string, string> = {
  request_id: "request",
  request_type: "requestType",
  session_id: "session",
  subscription_id: "subscription",
  publication_id: "publication",
  registration_id: "registration",
  method: "authmethod",
};

/** Why a sample does not apply; null where it does. */
function leftOut(
  { wamp_message_type: type }: Vectors,
  { serializers, wmsg, expected_attributes }: Sample,
): string | null {
  const options = JSON.stringify(wmsg ?? expected_attributes);
  if (type === "EVENT_RECEIVED") return "a message that only this testsuite knows";
  if (/enc_algo|enc_serializer/.test(options)) return "payload transparency, which payload_passthru_mode has replaced";
  if (serializers === undefined && type === "EVENT") return "what a client must refuse; a router receives no EVENT";
  if (/transaction_hash|x_acknowledged_delivery/.test(options))
    return "an extension of Crossbar.io, no part of the spec";
  if (wmsg !== undefined && /forward_for/.test(options))
    return "links between routers, which the spec has not written yet";
  return null;
}

const files = (): Vectors[] =>
  ["basic", "advanced"].flatMap((profile) => {
    const folder = join(FOLDER, "singlemessage", profile);
    return readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Vectors);
  });

if (!IS_THERE) {
  describe("the spec's test vectors", () => {
    it.todo(
      "are not beside this checkout: set WAMP_TESTSUITE to the folder testsuite of a clone of wamp-proto/wamp-proto",
    );
  });
} else {
  const all = files().flatMap((file) =>
    file.samples.map((sample) => ({ file, sample, reason: leftOut(file, sample) })),
  );
  const used = all.filter(({ reason }) => reason === null);
  const formats = used.flatMap(({ file, sample }) =>
    Object.entries(SERIALIZERS).flatMap(([name, serializer]) =>
      (sample.serializers?.[name] ?? []).map(({ bytes_hex }) => ({
        name: `${file.wamp_message_type} in ${name}: ${sample.description}`,
        serializer,
        bytes: Buffer.from(bytes_hex, "hex"),
        expected: sample.expected_attributes ?? {},
      })),
    ),
  );
  const checks = used.filter(({ sample }) => sample.wmsg !== undefined);
  const skipped = all.filter(({ reason }) => reason !== null);

  describe(`${formats.length} encoded messages in JSON, MessagePack and CBOR`, () => {
    it.each(formats)("$name", ({ serializer, bytes, expected }) => {
      const message = serializer.decode(bytes);
      expect(attributesOf(message, Object.keys(expected))).toEqual(withoutNothing(expected));
      for (const other of Object.values(SERIALIZERS)) {
        const crossed = serializer.decode(serializer.encode(other.decode(other.encode(message))));
        expect(attributesOf(crossed, Object.keys(expected))).toEqual(withoutNothing(expected));
      }
    });
  });

  describe(`${checks.length} messages whose options are right or wrong`, () => {
    let router: Awaited<ReturnType<typeof startParties>>;
    let party: Party;
    beforeAll(async () => {
      const roles = [{ name: "user", "allow-by-default": true }];
      router = await startParties([{ name: "realm1", roles, options: { "request-ids": "off" } }]);
    });
    beforeEach(async () => {
      party = await router.join();
    });
    afterEach(() => party.vanish());
    afterAll(() => router.close());

    it.each(checks.map(({ sample }) => sample))("$description", async ({ wmsg = [], expected_error: error }) => {
      party.send(...(wmsg as [number]));
      if (error === undefined) {
        party.send(48, 124, {}, "wamp.session.count");
        const answers = [await party.client.next()];
        while (answers.at(-1)?.[0] !== 50) answers.push(await party.client.next());
        expect(answers.map(([code]) => code)).not.toContain(8);
      } else {
        const { reason, message } = await party.client.aborted();
        expect(reason).toBe(`wamp.error.protocol_violation`);
        expect(message).toContain(error.contains);
      }
    });
  });

  describe("the exchange of several messages", () => {
    it("publisher_exclusion_disabled: the publisher gets its own event", async () => {
      const file = join(FOLDER, "multisession/advanced/publisher_exclusion_disabled.json");
      const { sequence } = JSON.parse(readFileSync(file, "utf8")) as { sequence: { from: string; message: Step }[] };
      const router = await startParties([{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }]);
      const party = await router.join();
      for (const { from, message } of sequence) {
        if (from !== "router") party.send(...wireOf(message));
        else expect(await party.client.next()).toEqual(wireOf(message, true));
      }
      party.vanish();
      await router.close();
    });
  });

  // Skipped, so that the output lists them: each with its reason.
  describe(`${skipped.length} samples do not apply`, () => {
    for (const reason of new Set(skipped.map((entry) => entry.reason))) {
      const ofReason = skipped.filter((entry) => entry.reason === reason);
      const names = ofReason.map(({ file, sample }) => `${file.wamp_message_type} (${sample.description})`);
      it.skip(`${reason ?? ""}: ${names.join(", ")}`, () => undefined);
    }
  });
}

interface Step {
  readonly type: "SUBSCRIBE" | "SUBSCRIBED" | "PUBLISH" | "EVENT";
  readonly request_id?: number;
  readonly options?: object;
  readonly topic?: string;
  readonly args?: unknown[];
}

/** A step of the vectors as it stands on the wire. Ids that the router draws may be any, from the first one on. */
function wireOf({ type, request_id, options, topic, args }: Step, fromRouter = false): [number, ...unknown[]] {
  const id = fromRouter ? (expect.any(Number) as unknown) : null;
  switch (type) {
    case "SUBSCRIBE":
      return [32, request_id, options, topic];
    case "SUBSCRIBED":
      return [33, request_id, id];
    case "PUBLISH":
      return [16, request_id, options, topic, args];
    case "EVENT":
      return [36, id, id, {}, args];
  }
}

/** A message's fields by the vectors' names. */
function attributesOf(message: Message, names: readonly string[]): Record<string, unknown> {
  const { args, kwargs } = ("payload" in message ? message.payload?.values() : undefined) ?? {};
  const fields: Record<string, unknown> = { ...message, args, kwargs };
  const entries = names.flatMap((name): [string, unknown][] => {
    if (name === "message_type" || name === "payload") return [];
    if (name === "roles") return [[name, (fields["details"] as Record<string, unknown>)["roles"]]];
    return [[name, fields[NAMES[name] ?? name]]];
  });
  return withoutNothing(Object.fromEntries(entries));
}

function withoutNothing(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return plain(
    Object.fromEntries(Object.entries(fields).filter(([name, value]) => name !== "message_type" && value != null)),
  );
}

/** With ordinary prototypes, so that decoders' own ones do not count. */
function plain<T>(value: T): T {
  return isDict(value) ? (JSON.parse(JSON.stringify(value)) as T) : value;
}
