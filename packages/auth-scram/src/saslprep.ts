import { saslprep } from "@mongodb-js/saslprep";

/**
 * A user's name as both sides sign it; null if SASLprep (RFC 4013) does not allow it. RFC 5802 section 5.1: it may have
 * characters that Unicode 3.2 did not know.
 */
export function preparedName(authid: string): string | null {
  try {
    return saslprep(authid, { allowUnassigned: true });
  } catch {
    // The library's own errors, also where nothing is left of a text, or where it is too long for it.
    return null;
  }
}

/**
 * A password as its keys are derived from it. RFC 5802 section 2.2: only characters that no later version of Unicode
 * treats in another way.
 *
 * @throws Error a sentence, if SASLprep does not allow it
 */
export function preparedPassword(password: string): string {
  try {
    return saslprep(password, { allowUnassigned: false });
  } catch {
    throw new Error(
      "SASLprep (RFC 4013) does not allow this password: it has control characters, characters newer than Unicode 3.2, or mixes directions of writing",
    );
  }
}
