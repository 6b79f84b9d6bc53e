const DOT = 0x2e;

/** A stretch of one or more patterns, and what stands at the pattern that ends with it. */
class Node<T> {
  label: string;
  value: T | undefined = undefined;
  /** By the first character of their labels. */
  children: Map<number, Node<T>> | null = null;

  constructor(label: string) {
    this.label = label;
  }

  add(child: Node<T>): void {
    (this.children ??= new Map()).set(child.label.charCodeAt(0), child);
  }

  remove(child: Node<T>): void {
    this.children?.delete(child.label.charCodeAt(0));
    if (this.children?.size === 0) this.children = null;
  }
}

/** A node that a search has still to look at. */
interface Branch<T> {
  readonly node: Node<T>;
  /** The position in the URI. */
  readonly at: number;
  /** Whether the pattern is at the beginning of a component there. */
  readonly isStart: boolean;
}

/**
 * Patterns in a tree by their characters, in which what many begin with stands once (a radix tree). A search goes down
 * along the URI, so that its cost depends on the URI and not on how many patterns there are: for prefixes it is the
 * length of the URI; for wildcards there are two ways at each of its components, the equal one and the empty one.
 */
export class PatternTree<T> {
  readonly #root = new Node<T>("");
  /** How many nodes all searches so far have looked at: the measure of their cost. */
  visited = 0;

  set(pattern: string, value: T): void {
    let node = this.#root;
    let at = 0;
    for (;;) {
      if (at === pattern.length) {
        node.value = value;
        return;
      }
      const child = node.children?.get(pattern.charCodeAt(at));
      if (child === undefined) {
        const leaf = new Node<T>(copyOf(pattern.slice(at)));
        leaf.value = value;
        node.add(leaf);
        return;
      }
      const common = commonLength(child.label, pattern, at);
      node = common === child.label.length ? child : split(node, child, common);
      at += common;
    }
  }

  delete(pattern: string): void {
    const path = [this.#root];
    for (let at = 0; at < pattern.length;) {
      const child = path.at(-1)?.children?.get(pattern.charCodeAt(at));
      if (child === undefined || !pattern.startsWith(child.label, at)) return;
      path.push(child);
      at += child.label.length;
    }
    const node = path.pop() as Node<T>;
    node.value = undefined;
    const parent = path.pop();
    if (parent === undefined) return;
    if (node.children === null) parent.remove(node);
    else join(parent, node);
    const above = path.pop();
    if (above !== undefined && parent.value === undefined) join(above, parent);
  }

  /** What stands at the patterns with which `uri` begins, the longest first. */
  prefixesOf(uri: string): T[] {
    const found: T[] = [];
    let node: Node<T> | undefined = this.#root;
    let at = 0;
    while (node !== undefined && uri.startsWith(node.label, at)) {
      this.visited++;
      at += node.label.length;
      if (node.value !== undefined) found.push(node.value);
      node = node.children?.get(uri.charCodeAt(at));
    }
    return found.reverse();
  }

  /** What stands at the patterns that have as many components as `uri`, each of them equal or empty. In no order. */
  wildcardsOf(uri: string): T[] {
    const found: T[] = [];
    // A list of its own, since patterns may nest deeper than the stack holds.
    const left: Branch<T>[] = [{ node: this.#root, at: 0, isStart: true }];
    for (let branch = left.pop(); branch !== undefined; branch = left.pop()) {
      this.visited++;
      const { node } = branch;
      const end = follow(node.label, uri, branch);
      if (end === null) continue;
      const { at, isStart } = end;
      if (node.value !== undefined && (isStart ? endOfComponent(uri, at) : at) === uri.length) found.push(node.value);
      if (node.children === null) continue;
      const next = uri.charCodeAt(at);
      const empty = isStart ? node.children.get(DOT) : undefined;
      const equal = node.children.get(next);
      if (empty !== undefined) left.push({ node: empty, at, isStart });
      if (equal !== undefined && equal !== empty) left.push({ node: equal, at, isStart });
    }
    return found;
  }
}

/** Goes along a label. @returns where it ends in `uri`; null where the two part */
function follow<T>(label: string, uri: string, from: Branch<T>): Pick<Branch<T>, "at" | "isStart"> | null {
  let { at, isStart } = from;
  for (let i = 0; i < label.length; i++) {
    const c = label.charCodeAt(i);
    if (c === DOT && isStart) at = endOfComponent(uri, at); // the component is empty, and matches any
    if (uri.charCodeAt(at) !== c) return null;
    at++;
    isStart = c === DOT;
  }
  return { at, isStart };
}

function endOfComponent(uri: string, at: number): number {
  const dot = uri.indexOf(".", at);
  return dot === -1 ? uri.length : dot;
}

function commonLength(label: string, pattern: string, at: number): number {
  let length = 1;
  while (length < label.length && label.charCodeAt(length) === pattern.charCodeAt(at + length)) length++;
  return length;
}

/** Puts a node of its own above `child`, for the first `length` characters of its label. */
function split<T>(parent: Node<T>, child: Node<T>, length: number): Node<T> {
  const upper = new Node<T>(copyOf(child.label.slice(0, length)));
  child.label = copyOf(child.label.slice(length));
  upper.add(child);
  parent.add(upper);
  return upper;
}

/** Puts a node and its only child together. Nothing happens where it has several, or something stands at it. */
function join<T>(parent: Node<T>, node: Node<T>): void {
  if (node.value !== undefined || node.children?.size !== 1) return;
  const [child] = node.children.values() as Iterable<Node<T>> as [Node<T>];
  child.label = copyOf(node.label + child.label);
  parent.add(child);
}

/** The same text, which holds on to no longer one that it was cut from. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
