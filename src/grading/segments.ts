/** The mathematics inside prose: `$...$`, `$$...$$`, `\(...\)`, `\[...\]`, display environments. */
import { maxSegmentLength } from "./limits.js";

export interface Segment {
  content: string;
  start: number;
  end: number;
}

const body = `{1,${maxSegmentLength}}?`;
const environments = "(?:align|equation|gather|displaymath|math)\\*?";
const delimited = new RegExp(
  [
    `\\$\\$([^$]${body})\\$\\$`,
    `(?<!\\\\)\\$((?:[^$\\\\]|\\\\[\\s\\S])${body})\\$`,
    `\\\\\\(([\\s\\S]${body})\\\\\\)`,
    `\\\\\\[([\\s\\S]${body})\\\\\\]`,
    `\\\\begin\\{${environments}\\}([\\s\\S]${body})\\\\end\\{${environments}\\}`,
  ].join("|"),
  "g",
);

/** Inside `$...$` of prose with prices ("$5 and $6") there are words; such a match is no mathematics. */
function isProse(content: string): boolean {
  const bare = content.replace(/\\(?:text|mbox|textbf|mathrm|operatorname|begin|end)\s*\{[^{}]*\}|\\[a-zA-Z]+/g, " ");
  return (bare.match(/\b[a-zA-Z]{3,}\b/g) ?? []).length >= 2 || /^\d[\d,.]*\s+[a-z]{2,}/.test(bare);
}

export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  delimited.lastIndex = 0;
  for (let found = delimited.exec(text); found; found = delimited.exec(text)) {
    const content = lastRow(found[1] ?? found[2] ?? found[3] ?? found[4] ?? found[5] ?? "").trim();
    if (found[2] !== undefined && isProse(content)) {
      // The first dollar was a price: look again from the second.
      delimited.lastIndex = found.index + 1;
      continue;
    }
    if (content !== "") segments.push({ content, start: found.index, end: found.index + found[0].length });
  }
  return segments;
}

/** Of a derivation in rows the last one; rows that each give one symbol its value stay together. */
function lastRow(content: string): string {
  const inner =
    /^\s*\\begin\{(?:align|aligned|gather|gathered|split)\*?\}([\s\S]*)\\end\{(?:align|aligned|gather|gathered|split)\*?\}\s*[.,]?\s*$/.exec(
      content,
    )?.[1] ?? content;
  if (/\\begin/.test(inner) || !inner.includes("\\\\")) return inner;
  const rows = inner.split(/\\\\(?:\s*\[[^\]]*\])?/).map((row) => row.replace(/(?<!\\)&/g, " ").trim());
  const filled = rows.filter((row) => row !== "");
  const names = filled.map((row) => /^([a-zA-Z](?:_\{?\w+\}?)?)\s*=[^=]*$/.exec(row)?.[1]);
  const isSystem = names.every((name) => name !== undefined) && new Set(names).size === names.length;
  return isSystem ? filled.join(", ") : (filled.at(-1) ?? "");
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
