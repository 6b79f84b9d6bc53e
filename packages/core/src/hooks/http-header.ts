/** Those that the answer to a request to upgrade has anyway: another value would break it. */
const OWN = /^(connection|upgrade|content-length|transfer-encoding|sec-websocket-.*)$/i;

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/**
 * Whether a plugin may add this header to an answer. A line break in a value would begin a header of its own (RFC 9110
 * section 5.5), and ws writes headers as they are.
 */
export function isPossibleHeader([name, value]: readonly [unknown, unknown]): boolean {
  return (
    typeof name === "string" && typeof value === "string" && NAME.test(name) && !OWN.test(name) && VALUE.test(value)
  );
}
