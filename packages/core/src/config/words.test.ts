import { z } from "zod";
import { issueText } from "../errors/config-error.ts";
import { bytes, milliseconds } from "../settings/metadata.ts";
import { checkBySchema, Issues } from "./issues.ts";

const endpoint = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("tcp"), port: z.int().min(0).max(65_535), host: z.string().optional() }),
  z.strictObject({ type: z.literal("unix"), path: z.string().min(1) }),
]);
const schema = z.strictObject({
  endpoint: endpoint.optional(),
  wait: milliseconds(0).optional(),
  size: bytes(1024, 4096).optional(),
  loud: z.boolean().optional(),
  ratio: z.number().gt(0).optional(),
  names: z.array(z.string().min(3)).min(1).max(2).optional(),
  form: z.string().regex(/^a/).optional(),
  users: z.record(z.string(), z.strictObject({ pin: z.string().min(1), role: z.string().optional() })).optional(),
  rules: z.array(z.strictObject({ uri: z.string(), allow: z.boolean(), validate: z.never().optional() })).optional(),
  either: z.union([z.string(), z.int()]).optional(),
  needed: z.strictObject({ table: z.record(z.string(), z.string()), name: z.string() }).optional(),
});

async function told(value: unknown, fromEnvironment = false): Promise<string[]> {
  const issues = new Issues();
  await checkBySchema(schema, value, [], { issues, fromEnvironment: () => fromEnvironment });
  return issues.found.map((issue) => issueText(issue, "config"));
}

it.each<[value: unknown, message: string]>([
  [{ endpoint: {} }, 'endpoint.type: expected "tcp" or "unix", found nothing'],
  [
    { endpoint: { type: "tpc", port: 1 } },
    'endpoint.type: expected "tcp" or "unix", found a string; did you mean "tcp"?',
  ],
  [{ endpoint: { type: "tcp", prot: 1 } }, 'endpoint.prot: unknown key; did you mean "port"?'],
  [{ endpoint: { type: "unix", pth: "a" } }, 'endpoint.pth: unknown key; did you mean "path"?'],
  [
    { endpoint: { type: "tcp", port: 70_000 } },
    "endpoint.port: expected a whole number from 0 to 65535, found a greater one",
  ],
  [{ endpoint: { type: "tcp", port: 1.5 } }, "endpoint.port: expected a whole number from 0 to 65535, found a number"],
  [
    { endpoint: { type: "tcp", port: "80" } },
    "endpoint.port: expected a whole number from 0 to 65535, found a string; write it without quotes",
  ],
  [{ endpoint: { type: "tcp" } }, "endpoint.port: expected a whole number from 0 to 65535, found nothing"],
  [{ endpoint: 5 }, "endpoint: expected a dictionary, found an integer; its keys: type, port, host, path"],
  [{ port: 1 }, 'port: unknown key; it belongs in "endpoint"'],
  [{ name: "a" }, 'name: unknown key; it belongs in "needed"'],
  [{ users: [] }, "users: expected a dictionary, found a list; the keys of each member: pin, role"],
  [{ users: { joe: "1" } }, "users.joe: expected a dictionary, found a string; its keys: pin, role"],
  [{ users: { joe: { pin: 1234 } } }, "users.joe.pin: expected a string, found an integer; write it in quotes"],
  [{ rules: {} }, "rules: expected a list, found a dictionary; the keys of each member: uri, allow"],
  [{ wait: "30s" }, "wait: expected a whole number of milliseconds, found a string; write 30000"],
  [{ wait: "1.5 hours" }, "wait: expected a whole number of milliseconds, found a string; write 5400000"],
  [{ wait: -1 }, "wait: expected a whole number of milliseconds, found a smaller one"],
  [{ size: "2KiB" }, "size: expected a whole number of bytes from 1024 to 4096, found a string; write 2048"],
  [{ size: 1 }, "size: expected a whole number of bytes from 1024 to 4096, found a smaller one"],
  [{ loud: "yes" }, "loud: expected true or false, found a string; write true"],
  [{ loud: "off" }, "loud: expected true or false, found a string; write false"],
  [{ ratio: 0 }, "ratio: expected a number, more than 0, found a smaller one"],
  [{ names: [] }, "names: expected a list with at least one member, found an empty one"],
  [{ names: ["abc", "abc", "abc"] }, "names: expected a list with at most 2 members, found one with more"],
  [{ names: ["a"] }, "names[0]: expected at least 3 characters, found fewer"],
  [{ names: "abc" }, "names: expected a list, found a string"],
  [{ form: "b" }, "form: expected a string of another form, found a string"],
  [{ users: { joe: { pn: "1" } } }, 'users.joe.pn: unknown key; did you mean "pin"?'],
  [{ users: { joe: { pin: "" } } }, "users.joe.pin: expected a string that is not empty"],
  [{ either: {} }, "either: expected a string or a whole number, found a dictionary"],
  [{ needed: { principals: {}, name: "a" } }, 'needed.principals: unknown key; did you mean "table"?'],
])("%j gets one message", async (value, message) => {
  expect(await told(value)).toEqual([message]);
});

it("a text that is no dictionary is not taken for the one that is missing", async () => {
  expect(await told({ needed: { principals: "a", name: "a" } })).toEqual([
    "needed.principals: unknown key",
    "needed.table: expected a dictionary, found nothing",
  ]);
});

it("what a value of the environment could mean is not told, since that shows it", async () => {
  expect(await told({ wait: "30s" }, true)).toEqual(["wait: expected a whole number of milliseconds, found a string"]);
});
