/**
 * openr, in its two forms. Converted, for training: `question`, `process` (steps, each followed by a tag), `label` of + and -.
 * MATH-APS, the measurement: `question`, `final_answer`, `reasoning_steps`, a list of prefixes with their mean outcome or a
 * tree of steps, in which every path from the root to a leaf is a solution. Hard labels are written in the first form,
 * others in the second.
 */
import type { Fields } from "../fields.js";
import {
  expectOneLabelEach,
  type Format,
  type ImportedSolution,
  joinable,
  trimmedSteps,
  usualLosses,
} from "./format.js";
import { splitAtTags, stepTag } from "./step-tags.js";
import { pathsOfPrefixes, pathsOfTree } from "./step-tree.js";

/** Written after each step, with a space around it. */
const blankTag = "\n\n\n\n\n";

export const openr: Format = {
  name: "openr",
  labels: "real",
  importedLabel: "soft",
  cannotHold: [...usualLosses, "outcome", "the label's name"],

  read(fields, losses) {
    if (fields.has("process")) return [readConverted(fields)];
    const isTree = !Array.isArray(fields.value("reasoning_steps"));
    const root = fields.has("children") ? fields : undefined;
    const tree = isTree ? (root ?? fields.object("reasoning_steps")) : undefined;
    const paths = tree ? pathsOfTree(tree) : pathsOfPrefixes(fields.objects("reasoning_steps"));
    if (tree) losses.add("the value of the empty prefix");
    if (paths.length === 0) fields.fail("reasoning_steps", "at least one step");
    const question = root ? root.text("text") : fields.text("question");
    const answer = fields.optionalString("final_answer");
    const known = ["question", "final_answer", "reasoning_steps", "text", "mc_value", "children"];
    const shared = { question, ...(answer === undefined ? {} : { answer }), extra: fields.rest(known) };
    return paths.map((path) => ({ ...shared, ...path }));
  },

  write({ record, values, target, extra }, losses) {
    if (target === "hard") {
      const { tag, labelName = "label", ...rest } = extra as { tag?: string; labelName?: string };
      const steps = trimmedSteps(record.steps, losses);
      const process = tag === stepTag ? steps.map((step) => `${step} ${tag}`).join("\n") : joinBlank(steps);
      return {
        question: record.question,
        process,
        [labelName]: values.map((value) => (value === 1 ? "+" : "-")),
        ...rest,
      };
    }
    let prefix = "";
    const reasoningSteps = record.steps.map(({ text }, i) => {
      prefix += text;
      return { solution_prefix: prefix, mc_value: values[i] };
    });
    return {
      question: record.question,
      final_answer: record.answer ?? null,
      reasoning_steps: reasoningSteps,
      ...extra,
    };
  },
};

function joinBlank(steps: readonly string[]): string {
  return steps.map((step) => `${step} ${blankTag}`).join(" ");
}

function readConverted(fields: Fields): ImportedSolution {
  const text = fields.text("process");
  const { pieces, rest } = splitAtTags(text);
  const hasTags = pieces.length > 0 && rest.trim() === "";
  const steps = hasTags ? pieces : splitBlank(text);
  const labelName = fields.has("label") ? "label" : "labels";
  const values = fields.strings(labelName).map((sign) => {
    if (sign !== "+" && sign !== "-") fields.fail(labelName, 'a list of "+" and "-"');
    return Number(sign === "+");
  });
  expectOneLabelEach(fields, labelName, values.length, steps.length);
  const extra = {
    ...fields.rest(["question", "process", "label", "labels"]),
    ...(hasTags ? { tag: stepTag } : {}),
    ...(labelName === "labels" ? { labelName } : {}),
  };
  return { question: fields.text("question"), steps: joinable(steps), values, label: "hard", extra };
}

function splitBlank(text: string): string[] {
  const steps = text.split(blankTag).map((step) => step.trim());
  if (steps[steps.length - 1] === "") steps.pop();
  return steps;
}
