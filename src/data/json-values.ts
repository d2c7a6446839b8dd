/**
 * The records of a `.json` file: the elements of one top-level array, or JSON values one after another (many published
 * `.json` files are JSON Lines). Works line by line without building the whole array, so that a file larger than the
 * longest JavaScript string can be read.
 */
import { dataError } from "./data-error.js";
import type { Line } from "./lines.js";

/** One JSON value as text, with the line it starts in. */
export type JsonText = Line;

/**
 * Cuts at the brackets and commas of the top level; the pieces are not parsed here.
 * @throws ERPRM_INVALID_DATA when brackets do not match or the file ends inside a value.
 */
export async function* splitJsonValues(lines: AsyncIterable<Line>, file: string): AsyncIterable<JsonText> {
  let kind = "unknown" as "unknown" | "array" | "sequence" | "ended";
  let depth = 0;
  let afterComma = false;
  let inString = false;
  let escaped = false;
  let parts: string[] = [];
  let startLine = 0;
  let lastLine = 0;
  const isOpen = () => depth > 0 || inString || parts.some((part) => part.trim() !== "");
  const take = (): JsonText => {
    const value = { text: parts.join("\n"), line: startLine };
    parts = [];
    return value;
  };
  for await (const { text, line } of lines) {
    lastLine = line;
    let from = 0;
    const cut = (to: number): void => {
      const piece = text.slice(from, to);
      if (parts.length === 0 && piece.trim() === "") return;
      if (parts.length === 0) startLine = line;
      parts.push(piece);
    };
    for (let i = 0; i < text.length; i += 1) {
      const character = text[i] as string;
      if (inString) {
        if (escaped) escaped = false;
        else if (character === "\\") escaped = true;
        else if (character === '"') inString = false;
        continue;
      }
      if (kind === "unknown" && character.trim() !== "") {
        kind = character === "[" ? "array" : "sequence";
        if (kind === "array") {
          from = i + 1;
          continue;
        }
      }
      if (kind === "ended" && character.trim() !== "") {
        throw dataError(`Expected nothing after the closing bracket of the array, received "${character}"`, {
          file,
          line,
        });
      }
      if (character === '"') inString = true;
      else if (character === "{" || character === "[") depth += 1;
      else if (depth === 0 && kind === "array" && (character === "," || character === "]")) {
        cut(i);
        from = i + 1;
        const isEmptyArray = character === "]" && !afterComma;
        if (parts.length === 0 && !isEmptyArray) {
          throw dataError(`Expected a JSON value before "${character}"`, { file, line });
        }
        if (parts.length > 0) yield take();
        afterComma = true;
        if (character === "]") kind = "ended";
      } else if (character === "}" || character === "]") {
        depth -= 1;
        if (depth < 0) throw dataError(`Expected a JSON value, received "${character}"`, { file, line });
        if (depth === 0 && kind === "sequence") {
          cut(i + 1);
          from = i + 1;
          yield take();
        }
      }
    }
    cut(text.length);
    if (kind === "sequence" && !isOpen()) parts = [];
    else if (kind === "sequence" && depth === 0 && !inString && parts.length > 0) yield take();
  }
  if (kind === "array" || isOpen()) {
    throw dataError("Expected the JSON value to be closed, received the end of the file", { file, line: lastLine });
  }
}
