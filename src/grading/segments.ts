/** The mathematics inside prose: `$...$`, `$$...$$`, `\(...\)`, `\[...\]`, display environments. */

export interface Segment {
  content: string;
  start: number;
  end: number;
}

const delimited =
  /\$\$([^$]+?)\$\$|(?<!\\)\$((?:[^$\\]|\\[\s\S])+?)\$|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]|\\begin\{(?:align|equation|gather|displaymath|math)\*?\}([\s\S]+?)\\end\{(?:align|equation|gather|displaymath|math)\*?\}/g;

/** Inside `$...$` of prose with prices ("$5 and $6") there are words; such a match is no mathematics. */
function isProse(content: string): boolean {
  const bare = content.replace(/\\(?:text|mbox|textbf|mathrm|operatorname|begin|end)\s*\{[^{}]*\}|\\[a-zA-Z]+/g, " ");
  return (bare.match(/\b[a-zA-Z]{3,}\b/g) ?? []).length >= 2 || /^\d[\d,.]*\s+[a-z]{2,}/.test(bare);
}

export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  delimited.lastIndex = 0;
  for (let found = delimited.exec(text); found; found = delimited.exec(text)) {
    const content = (found[1] ?? found[2] ?? found[3] ?? found[4] ?? found[5] ?? "").trim();
    if (found[2] !== undefined && isProse(content)) {
      // The first dollar was a price: look again from the second.
      delimited.lastIndex = found.index + 1;
      continue;
    }
    if (content !== "") segments.push({ content, start: found.index, end: found.index + found[0].length });
  }
  return segments;
}

const connective = /^(?:\s|,|;|\.|\*\*|\band\b|\bor\b|&|\\\\)*$/;

/** The run of segments around `index` that only commas, "and" and "or" separate, as one answer. */
export function groupAt(text: string, segments: readonly Segment[], index: number): string {
  let first = index;
  let last = index;
  const joins = (a: Segment, b: Segment): boolean => {
    const between = text.slice(a.end, b.start);
    return between.length <= 12 && !/\n/.test(between) && !/\.\s/.test(between) && connective.test(between);
  };
  while (first > 0 && joins(segments[first - 1] as Segment, segments[first] as Segment)) first -= 1;
  while (last + 1 < segments.length && joins(segments[last] as Segment, segments[last + 1] as Segment)) last += 1;
  const parts = segments.slice(first, last + 1).map((segment) => segment.content);
  return parts.length === 1 ? (parts[0] as string) : parts.join(", ");
}
