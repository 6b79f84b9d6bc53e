import { type Assignment, isDict } from "@wampgate/core";
import type { JWTPayload } from "jose";
import type { Block } from "./block.ts";

/** The latest time of an assignment. */
const LATEST = 1e11;

/** What a verified token assigns: a claim that is missing, or of a wrong type, assigns none. Null: it never expires. */
export function assignmentOf(token: JWTPayload, own: Block, now = Date.now() / 1000): Assignment | null {
  const { claims, roles, "clock-tolerance": tolerance } = own;
  const { exp } = token;
  if (typeof exp !== "number" || !(exp >= 0 && exp <= LATEST)) return null;
  return {
    authid: textAt(token, claims.authid),
    ...(claims.role === undefined ? {} : { role: roleOf(claimAt(token, claims.role), roles) }),
    ...(claims.realm === undefined ? {} : { realm: textAt(token, claims.realm) }),
    ...(claims.extra === undefined ? {} : { extra: extraOf(token, claims.extra) }),
    // A token that is over by our clock alone is good for as long as the clocks may differ.
    expires: exp > now ? exp : exp + tolerance,
  };
}

function textAt(token: JWTPayload, path: string): string | null {
  const value = claimAt(token, path);
  return typeof value === "string" ? value : null;
}

function roleOf(value: unknown, roles: Block["roles"]): string | null {
  if (roles === undefined) return typeof value === "string" ? value : null;
  const values = Array.isArray(value) ? (value as unknown[]) : [value];
  const [, role = null] = Object.entries(roles).find(([name]) => values.includes(name)) ?? [];
  return role;
}

function extraOf(token: JWTPayload, paths: Readonly<Record<string, string>>): Record<string, unknown> {
  const entries = Object.entries(paths).map(([key, path]) => [key, claimAt(token, path)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The claim at a path with dots. A claim whose own name has the dots comes first: `https://example.com/role`. */
function claimAt(token: JWTPayload, path: string): unknown {
  if (Object.hasOwn(token, path)) return token[path];
  return path
    .split(".")
    .reduce<unknown>((value, key) => (isDict(value) && Object.hasOwn(value, key) ? value[key] : undefined), token);
}
