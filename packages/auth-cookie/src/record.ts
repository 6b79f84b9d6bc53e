import { fromJson, type PastLogin, Sayable, toJson, z } from "@wampgate/core";

/** A longer record is not kept: its `extra` is no note about a user any more. */
const MOST_BYTES = 64 * 1024;

const name = z.string().min(1);
const time = z.number().min(0).max(1e11).nullable();

const schema = z.object({
  version: z.literal(1),
  place: z.string(),
  expires: z.number().min(0).max(1e11),
  login: z.object({
    realm: name,
    authid: name,
    authrole: name,
    authmethod: name,
    authfactors: z.array(name).readonly().nullable(),
    expires: time,
    /** In the JSON of WAMP. */
    extra: z.string().nullable(),
    admission: z
      .object({
        realm: z.string().nullable(),
        authid: z.string().nullable(),
        principal: z
          .object({
            realm: z.string().nullable(),
            authid: z.string().nullable(),
            role: z.string().nullable(),
            expires: time,
            provider: name,
          })
          .nullable(),
      })
      .nullable(),
  }),
});

/** A login that is remembered. */
export interface LoginRecord {
  /** The cookie that it is for: its name and path. */
  readonly place: string;
  /** Until when it is remembered, in seconds since 1970. */
  readonly expires: number;
  readonly login: PastLogin;
}

/** A record that cannot be kept, or read. */
export class BadRecord extends Error {
  override readonly name = "BadRecord";
}

/** @throws BadRecord */
export function textOf({ place, expires, login }: LoginRecord): string {
  const { realm, authid, authrole, authmethod, authfactors, extra, admission } = login;
  const principal = admission?.principal ?? null;
  const text = JSON.stringify({
    version: 1,
    place,
    expires,
    login: {
      ...{ realm, authid, authrole, authmethod, authfactors },
      expires: login.expires,
      // What JSON cannot say is left out.
      extra: extra === null ? null : toJson(new Sayable(extra, () => undefined)).toString(),
      admission: admission && {
        realm: admission.realm,
        authid: admission.authid,
        principal: principal && {
          realm: principal.realm,
          authid: principal.authid,
          role: principal.role,
          expires: principal.expires,
          provider: principal.provider,
        },
      },
    },
  } satisfies z.input<typeof schema>);
  if (Buffer.byteLength(text) > MOST_BYTES)
    throw new BadRecord(`a login with more than ${MOST_BYTES} bytes is not kept`);
  return text;
}

/** Reads what a store gave. @throws BadRecord, whose message holds nothing of it */
export function recordIn(text: string): LoginRecord {
  try {
    const { place, expires, login } = schema.parse(JSON.parse(text));
    const extra = login.extra === null ? null : fromJson(Buffer.from(login.extra));
    return { place, expires, login: { ...login, extra } };
  } catch {
    throw new BadRecord("it holds something that is no login");
  }
}
