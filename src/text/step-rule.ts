/**
 * How a solution's text is cut into steps, as the flag `--split` says it.
 */
import { failArgument } from "../check.js";

export type StepRule =
  /** A step is a line. */
  | { kind: "newline" }
  /** A step is a paragraph: blank lines end it. */
  | { kind: "blank-line" }
  /** A step starts with a line `Step k:`. */
  | { kind: "step-number" }
  /** A step ends with the step tag. */
  | { kind: "tag"; tag: string }
  /** Paragraphs when the text has three or more of them, else lines. */
  | { kind: "auto" };

/**
 * The default. Small instruct models write most GSM8K solutions either as paragraphs or as lines; a single blank line
 * between the reasoning and the closing sentence is common too and would make one step of all the reasoning, hence three.
 */
export const defaultStepRule: StepRule = { kind: "auto" };

/**
 * Reads `newline`, `blank-line`, `step-number`, `tag:TEXT` or `auto`.
 * @throws ERPRM_INVALID_ARGUMENT for anything else, and for an empty tag
 */
export function parseStepRule(flag: string, name = "--split"): StepRule {
  switch (flag) {
    case "newline":
    case "blank-line":
    case "step-number":
    case "auto":
      return { kind: flag };
  }
  if (!flag.startsWith("tag:")) {
    return failArgument(name, "newline, blank-line, step-number, tag:TEXT or auto", flag);
  }
  const tag = flag.slice("tag:".length);
  // A tag of white space would leave steps of nothing but tags; the rules for lines and paragraphs are there for that.
  if (tag.trim() === "") return failArgument(name, "tag:TEXT with a TEXT that is not blank", flag);
  return { kind: "tag", tag };
}

/** The flag that `parseStepRule` reads back. */
export function formatStepRule(rule: StepRule): string {
  return rule.kind === "tag" ? `tag:${rule.tag}` : rule.kind;
}
