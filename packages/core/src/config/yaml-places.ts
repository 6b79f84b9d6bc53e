import { load, type State } from "js-yaml";
import { isDict } from "../wamp/messages.ts";
import type { Place } from "./places.ts";

/** Something that the parser has read: a value or a key. */
interface Node {
  readonly line: number;
  readonly children: Node[];
  result: unknown;
  members: ReadonlyMap<string | number, Place>;
}

const NONE: ReadonlyMap<string | number, Place> = new Map();

/** Where the values of a text of YAML stand; null if it has a syntax error. */
export function parseYamlPlaces(text: string): Place | null {
  const root: Node = { line: 1, children: [], result: undefined, members: NONE };
  const open = [root];
  // An alias is the same object as its anchor, and stands where the anchor does.
  const known = new Map<unknown, Node["members"]>();
  const listener = (event: "open" | "close", { line, result }: State): void => {
    if (event === "open") {
      const node: Node = { line: line + 1, children: [], result: undefined, members: NONE };
      open.at(-1)?.children.push(node);
      open.push(node);
      return;
    }
    const node = open.pop();
    if (node === undefined) return;
    node.result = result;
    if (typeof result !== "object" || result === null) return;
    node.members = known.get(result) ?? membersOf(node);
    known.set(result, node.members);
  };
  try {
    load(text, { listener });
  } catch {
    return null;
  }
  return root.children[0] ?? null;
}

function membersOf({ children, result }: Node): Node["members"] {
  const members = new Map<string | number, Place>();
  if (Array.isArray(result)) {
    let index = -1;
    for (const child of children) {
      const found = result.indexOf(child.result, index + 1);
      if (found === -1) continue;
      members.set(found, child);
      index = found;
    }
  } else if (isDict(result)) {
    for (let i = 0; i < children.length; i++) {
      const { line, result: name } = children[i] as Node;
      const value = children[i + 1];
      const key = String(name);
      if (Object.hasOwn(result, key)) {
        // A key may be without a value; then the next key follows.
        const hasValue = value !== undefined && Object.is(value.result, result[key]);
        members.set(key, { line, members: hasValue ? value.members : NONE });
        if (hasValue) i++;
      } else if (key === "<<" && value !== undefined) {
        merge(value, members);
        i++;
      }
    }
  }
  return members;
}

/** Adds the members of a merged mapping, or of a list of them, which stand elsewhere. */
function merge({ result, members: merged }: Node, members: Map<string | number, Place>): void {
  const sources = Array.isArray(result) ? [...merged.values()].map((place) => place.members) : [merged];
  for (const source of sources) for (const [key, place] of source) if (!members.has(key)) members.set(key, place);
}
