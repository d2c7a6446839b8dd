/** What was seen of a command while it ran, and what it comes to. Times are milliseconds since 1970. */
export interface Watched {
  /** When the event loop had been held up, and for how long. */
  blocks: { at: number; milliseconds: number }[];
  /** Resident memory, a few times a second. */
  memory: { at: number; bytes: number }[];
}

/** The longest block that ended in [from, to], in milliseconds; 0 without any. */
export function longestBlock(watched: Watched, from: number, to: number): number {
  const inside = watched.blocks.filter(({ at }) => at >= from && at <= to);
  return Math.max(0, ...inside.map(({ milliseconds }) => milliseconds));
}

/** How much more memory the last quarter of [from, to] used at most than the second one did: 1 is as much. */
export function memoryGrowth(watched: Watched, from: number, to: number): number {
  const quarter = (to - from) / 4;
  const mostIn = (begin: number, end: number) =>
    Math.max(0, ...watched.memory.filter(({ at }) => at >= begin && at <= end).map(({ bytes }) => bytes));
  return mostIn(to - quarter, to) / mostIn(from + quarter, from + 2 * quarter);
}
