/** What the documentation says, taken apart: sections, tables, code blocks, links, shell commands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/native/loader.js";

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The text of a file of this package. */
export function readDocument(path: string): string {
  return readFileSync(join(packageRoot, path), "utf8");
}

/** What stands under a heading, up to the next heading of any level. Throws when there is no such heading. */
export function sectionOf(text: string, heading: string): string {
  const parts = text.split(/^#+ (.+)$/m);
  const at = parts.findIndex((part, i) => i % 2 === 1 && part === heading);
  if (at === -1) throw new Error(`Expected a heading "${heading}"`);
  return parts[at + 1] as string;
}

/** The contents of the code blocks of this language ("" for none). */
export function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(fence)].filter(([, found]) => found === language).map(([, , code = ""]) => code);
}

/** What stands between backticks, code blocks left out. */
export function inlineCode(text: string): string[] {
  return [...text.replace(fence, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** The cells of each row of the first table, its head left out. */
export function tableRows(text: string): string[][] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => /^\|[-|]+\|$/.test(line));
  const rows = lines.slice(start + 1);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows
    .slice(0, end === -1 ? undefined : end)
    .map((line) => line.slice(1, -1).split("|"))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** The targets of the links, code left out. */
export function linksOf(text: string): string[] {
  const prose = text.replace(fence, "").replace(/`[^`\n]+`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors of the headings, as forges make them. */
export function anchorsOf(text: string): string[] {
  const headings = [...text.replace(fence, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}

/** The commands of a shell script as words: continued lines joined, here-documents and comments left out, quotes removed. */
export function shellCommands(script: string): string[][] {
  const plain = script.replace(/\\\n/g, " ").replace(/<<'(\w+)'([\s\S]*?)\n\1\n/g, "\n");
  return plain
    .split("\n")
    .map(wordsOf)
    .filter((words) => words.length > 0);
}

function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/#.*$|(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    if (word.startsWith("#")) break;
    words.push(word.replace(/["']/g, ""));
  }
  return words;
}
