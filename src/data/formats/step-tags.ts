/**
 * Texts with a tag after every step, the last one too: `question Step 1: ... TAG\nStep 2: ... TAG`.
 */
import type { StepCounts } from "../../types.js";
import type { Fields } from "../fields.js";
import { joinable, type Losses, trimmedSteps } from "./format.js";
import { expectQuestion, joinQuestion } from "./question-border.js";

/** The step tag of Math-Shepherd and its heirs. */
export const stepTag = "ки";

/** A tag stands after white space and ends its line, so that a Russian word is none. */
const tagPattern = /\sки[ \t]*(?:\n|$)/;

/** The texts before each tag. `rest` is what follows the last one: empty unless the last step lost its tag. */
export function splitAtTags(text: string): { pieces: string[]; rest: string } {
  const parts = text.split(tagPattern);
  const rest = parts.pop() ?? "";
  return { pieces: parts, rest };
}

/** Question and steps of a tagged text. @throws ERPRM_INVALID_DATA naming `name` */
export function readTagged(
  fields: Fields,
  name: string,
  losses: Losses,
): { question: string; steps: string[]; pieces: string[] } {
  const { pieces, rest } = splitAtTags(fields.text(name));
  if (rest.trim() !== "") {
    losses.add("the tag of the last step is missing (mended)");
    pieces.push(rest.trimEnd());
  }
  const [first, ...others] = pieces;
  if (first === undefined) fields.fail(name, `a text with the tag ${stepTag} after each step`);
  const { question, firstStep } = expectQuestion(fields, name, first, losses);
  return { question, steps: joinable([firstStep, ...others]), pieces };
}

/** The texts that go before each tag; undefined when a step holds the tag itself. */
export function taggedPieces(question: string, steps: readonly StepCounts[], losses: Losses): string[] | undefined {
  const texts = withStepNumbers(trimmedSteps(steps, losses), losses);
  if ([question, ...texts].some((text) => tagPattern.test(text))) {
    losses.add("the whole solution: a text in it holds the step tag");
    return undefined;
  }
  return [joinQuestion(question, texts[0] ?? "", losses), ...texts.slice(1)];
}

/** `mark` is the tag, or what stands in its place, of each piece. */
export function joinWithTags(pieces: readonly string[], mark: (i: number) => string): string {
  return pieces.map((piece, i) => `${piece} ${mark(i)}`).join("\n");
}

function withStepNumbers(texts: readonly string[], losses: Losses): string[] {
  const numbered = texts.map((text, i) => (text.startsWith(`Step ${i + 1}:`) ? text : `Step ${i + 1}: ${text}`));
  if (numbered.some((text, i) => text !== texts[i])) losses.add('steps without "Step k:" at their start (it is added)');
  return numbered;
}
