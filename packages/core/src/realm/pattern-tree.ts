const DOT = 0x2e;

/** A part of one or more patterns, and the value of the pattern that ends with it. */
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

/** A node that a search must still visit. */
interface Branch<T> {
  readonly node: Node<T>;
  /** The position in the URI. */
  readonly at: number;
  /** Whether the pattern is at the beginning of a component there. */
  readonly isStart: boolean;
}

/**
 * A radix tree of patterns: common beginnings are stored once. A search follows the URI, so its cost depends on the
 * URI, not on the number of patterns. For prefixes the cost is the URI's length. For wildcards there are two branches
 * at each component: the equal one and the empty one.
 */
export class PatternTree<T> {
  readonly #root = new Node<T>("");
  /** How many nodes all searches have visited so far: a measure of their cost. */
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

  /** The values of the patterns that `uri` begins with, the longest first. */
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

  /** The values of the patterns with as many components as `uri`, each equal or empty. In no particular order. */
  wildcardsOf(uri: string): T[] {
    const found: T[] = [];
    // A list instead of recursion, since patterns may be deeper than the stack.
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

/** Goes along a label. @returns where it ends in `uri`; null if they differ */
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

/** Puts a new node above `child`, for the first `length` characters of its label. */
function split<T>(parent: Node<T>, child: Node<T>, length: number): Node<T> {
  const upper = new Node<T>(copyOf(child.label.slice(0, length)));
  child.label = copyOf(child.label.slice(length));
  upper.add(child);
  parent.add(upper);
  return upper;
}

/** Merges a node with its only child. Does nothing if it has several children or a value. */
function join<T>(parent: Node<T>, node: Node<T>): void {
  if (node.value !== undefined || node.children?.size !== 1) return;
  const [child] = node.children.values() as Iterable<Node<T>> as [Node<T>];
  child.label = copyOf(node.label + child.label);
  parent.add(child);
}

/** A copy of the text, so that it does not keep the longer text alive that it was cut from. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
