/** What is under way, in the order in which it began, where thousands begin and end each second. */

interface Node<Value> {
  readonly value: Value;
  before: Node<Value> | null;
  after: Node<Value> | null;
}

/**
 * In place of a `Set`. When the table of a set or a map is full, V8 makes a new one; the old one keeps what it held, and
 * leads to the new one. Once an old table is of an age that only a full collection looks at, it keeps all that came after
 * it alive until then: of every send its request, its answer and its entry. A list keeps nothing of what was removed.
 */
export class LinkedList<Value> {
  #first: Node<Value> | null = null;
  #last: Node<Value> | null = null;

  /** At the end. What is returned removes it again; false where that was done before. */
  add(value: Value): () => boolean {
    const node: Node<Value> = { value, before: this.#last, after: null };
    if (node.before === null) this.#first = node;
    else node.before.after = node;
    this.#last = node;
    let listed = true;
    return () => {
      if (!listed) return false;
      listed = false;
      this.#remove(node);
      return true;
    };
  }

  /** Undefined where there is none. */
  get first(): Value | undefined {
    return this.#first?.value;
  }

  /** Those that are there now, in their order. */
  values(): Value[] {
    const values: Value[] = [];
    for (let node = this.#first; node !== null; node = node.after) values.push(node.value);
    return values;
  }

  #remove(node: Node<Value>): void {
    const { before, after } = node;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    node.before = null;
    node.after = null;
  }
}
