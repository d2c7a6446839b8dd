/** How deep JSON is nested, found without parsing it: parsing millions of brackets takes seconds that all clients wait for. */

const quote = 0x22;
const backslash = 0x5c;
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** Index behind the string that begins at `start`. */
function afterString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let numBackslashes = 0;
    while (text.charCodeAt(end - 1 - numBackslashes) === backslash) numBackslashes += 1;
    if (numBackslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** True when some bracket stands inside `maxDepth` others. What is no JSON may be either. */
export function isDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; ) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      i = afterString(text, i);
      continue;
    }
    if (opening.has(code)) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (closing.has(code)) depth -= 1;
    i += 1;
  }
  return false;
}
