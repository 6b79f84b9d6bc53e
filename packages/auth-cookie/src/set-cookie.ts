import { createHash, randomBytes } from "node:crypto";
import { isOfHost, type Settings } from "./settings.ts";

/** What an id looks like: of base64url, 6 bits in each character. */
const ID = /^[A-Za-z0-9_-]{22,64}$/;

/** An id that cannot be guessed: 132 bits at least. */
export function newId(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}

/** Whether a value that a client sent can be an id. */
export function isId(value: string): boolean {
  return ID.test(value);
}

/** Under what a login is kept, so that who reads the store cannot log in. */
export function keyOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}

/** Whether a text can be such a key. */
export function isKey(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** What authenticators get as the name of a client. It tells neither the id nor its key. */
export function trackingIdOf(key: string): string {
  return createHash("sha256").update(`wampgate cookie ${key}`).digest("base64url").slice(0, 24);
}

/** The part of a request that a cookie depends on. */
export interface Asked {
  readonly url: string;
  readonly isSecure: boolean;
}

/** The path below which the cookie is sent. */
export function pathOf({ name, path }: Settings, { url }: Asked): string {
  if (path !== undefined) return path;
  const [own = "/"] = url.split("?", 1);
  return isOfHost(name) || !/^\/[!-:<-~]*$/.test(own) ? "/" : own;
}

/** The value of a header `Set-Cookie` (RFC 6265 section 4.1). */
export function setCookie(id: string, settings: Settings, asked: Asked): string {
  const { name, secure, "max-age": maxAge, "http-strict": httpStrict, "same-site": sameSite } = settings;
  const mustBeSecure = sameSite === "None" || /^__(host|secure)-/i.test(name);
  const isSecure = mustBeSecure || (secure ?? asked.isSecure);
  return [
    `${name}=${id}`,
    `Max-Age=${maxAge}`,
    `Path=${pathOf(settings, asked)}`,
    ...(isSecure ? ["Secure"] : []),
    ...(httpStrict ? ["HttpOnly"] : []),
    `SameSite=${sameSite}`,
  ].join("; ");
}
