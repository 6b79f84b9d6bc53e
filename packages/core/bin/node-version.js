// Before anything else is loaded: the rest of the code may use what an older Node.js cannot even read.

/** What `engines` of package.json says. */
const NEEDED = [20, 19];

/** Ends the process with a sentence if this Node.js is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  console.error(
    `wampgate needs Node.js ${NEEDED.join(".")} or newer, and this is ${process.versions.node}. Install a newer one: https://nodejs.org`,
  );
  process.exit(1);
}
