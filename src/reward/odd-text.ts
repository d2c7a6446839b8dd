/**
 * Text that a reward model reads and that nobody means: a step without words, and the step tag in the middle of a text,
 * where it looks like the end of a step that has neither label nor score.
 */
import type { Convention } from "./convention.js";
import type { EncodedSteps } from "./encode-steps.js";

export interface OddText {
  what: "empty-step" | "tag-in-text";
  /** In a few words. */
  found: string;
}

/** How often the tokens stand in the sequence, without overlapping. */
function occurrences(tokenIds: Int32Array, wanted: readonly number[]): number {
  let count = 0;
  for (let start = 0; start + wanted.length <= tokenIds.length; start += 1) {
    if (!wanted.every((id, i) => tokenIds[start + i] === id)) continue;
    count += 1;
    start += wanted.length - 1;
  }
  return count;
}

/**
 * What is odd about the steps that `encoded` was made of; undefined for nothing. Tags of white space stand in any text and are
 * told from it by their positions alone; chats have no tag.
 */
export function oddText(
  steps: readonly string[],
  { tokenIds, positions }: EncodedSteps,
  convention: Convention,
): OddText | undefined {
  const empty = steps.findIndex((step) => step.trim() === "");
  if (empty >= 0)
    return { what: "empty-step", found: `step ${empty} of ${steps.length} is ${JSON.stringify(steps[empty])}` };
  if (convention.kind === "chat" || convention.tag.text.trim() === "") return undefined;
  const numTags = occurrences(tokenIds, convention.tag.tokenIds);
  if (numTags <= positions.length) return undefined;
  const tag = JSON.stringify(convention.tag.text);
  return { what: "tag-in-text", found: `${numTags} step tags ${tag} for ${positions.length} steps` };
}
