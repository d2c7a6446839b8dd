/**
 * Parts of a solution that are one thing although they have several lines: displayed mathematics (`\[ \]`, `$$ $$`),
 * `\begin{..} \end{..}` and fenced code. An opening without its closing protects nothing: a solution that was cut short
 * in a formula must not become one step from there on.
 *
 * Everything here is ASCII, so that positions may be characters of a text or bytes of its UTF-8 alike.
 */

/** [start, end) of each block, in order, none inside another. */
export type Block = readonly [start: number, end: number];

const opening = /\\\\|\\\$|\\\[|\$\$|\\begin\{([A-Za-z]+\*?)\}|(?:^|\n)[ \t]*(```+|~~~+)/g;

/** End of each `\begin{name}` -> end of its `\end{name}`. */
function environmentPairs(text: string): Map<number, number> {
  const pairs = new Map<number, number>();
  const open = new Map<string, number[]>();
  for (const found of text.matchAll(/\\(begin|end)\{([A-Za-z]+\*?)\}/g)) {
    const end = found.index + found[0].length;
    const name = found[2] as string;
    const stack = open.get(name) ?? [];
    open.set(name, stack);
    if (found[1] === "begin") stack.push(end);
    else {
      const begin = stack.pop();
      if (begin !== undefined) pairs.set(begin, end);
    }
  }
  return pairs;
}

/** Finds closings; one that was not found from some position is not looked for again from a later one. */
class Closings {
  readonly #missing = new Set<string>();
  #environments: Map<number, number> | undefined;

  constructor(readonly text: string) {}

  /** End of the next `closing` that starts at `from` or later. */
  literal(closing: string, from: number): number | undefined {
    if (this.#missing.has(closing)) return undefined;
    const at = this.text.indexOf(closing, from);
    if (at >= 0) return at + closing.length;
    this.#missing.add(closing);
    return undefined;
  }

  /** End of the `\end{..}` that closes the `\begin{..}` which ends at `after`: nested ones pair up from the inside. */
  environment(after: number): number | undefined {
    this.#environments ??= environmentPairs(this.text);
    return this.#environments.get(after);
  }

  /** End of the line that closes a fence: at least as many of its character, nothing else. */
  fence(fence: string, from: number): number | undefined {
    if (this.#missing.has(fence)) return undefined;
    const line = new RegExp(`\\n[ \\t]*${fence}${fence[0]}*[ \\t]*(?=\\r?\\n|$)`, "g");
    line.lastIndex = from;
    if (line.exec(this.text) !== null) return line.lastIndex;
    this.#missing.add(fence);
    return undefined;
  }
}

interface Scan {
  blocks: Block[];
  /** Where the first opening without a closing stands. */
  open: number | undefined;
}

function scanBlocks(text: string): Scan {
  const blocks: Block[] = [];
  let open: number | undefined;
  const closings = new Closings(text);
  const scan = new RegExp(opening);
  for (let found = scan.exec(text); found !== null; found = scan.exec(text)) {
    const [mark, environment, fence] = found;
    const after = scan.lastIndex;
    let end: number | undefined;
    if (fence !== undefined) end = closings.fence(fence, after);
    else if (environment !== undefined) end = closings.environment(after);
    else if (mark === "\\[") end = closings.literal("\\]", after);
    else if (mark === "$$") end = closings.literal("$$", after);
    // The line end in front of a fence ends the step before it.
    const start = mark.startsWith("\n") ? found.index + 1 : found.index;
    if (end === undefined) {
      if (isOpening(mark)) open ??= start;
      continue;
    }
    blocks.push([start, end]);
    scan.lastIndex = end;
  }
  return { blocks, open };
}

/** The scan also finds escaped signs, so that it does not take their second half for an opening. */
function isOpening(mark: string): boolean {
  return mark !== "\\\\" && mark !== "\\$";
}

export function displayBlocks(text: string): Block[] {
  return scanBlocks(text).blocks;
}

/** Where a block was opened that is not closed yet, for a text that is still being written; its length where there is none. */
export function openBlockStart(text: string): number {
  return scanBlocks(text).open ?? text.length;
}
