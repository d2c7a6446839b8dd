/**
 * PRM800K (arXiv:2305.20050): people rated alternative completions of each step -1, 0 or 1 and chose one to go on from.
 * A record is read as one solution along the chosen path, and one more for each alternative: the path up to it, then the
 * alternative. Rating 0 (neutral) counts as right, as in the data's own evaluation; the ratings themselves are kept.
 */
import type { Fields } from "../fields.js";
import { type Format, type ImportedSolution, joinable, type Losses, trimmedSteps, usualLosses } from "./format.js";

interface Choice {
  text: string;
  /** -1, 0, 1, or null where nobody rated. */
  rating: number | null;
}

export const prm800k: Format = {
  name: "prm800k",
  labels: "binary",
  importedLabel: "hard",
  cannotHold: [...usualLosses.filter((loss) => loss !== "reference answer"), "outcome"],

  read(fields, losses) {
    const question = fields.object("question");
    const label = fields.object("label");
    const steps = label.objects("steps");
    const path: Choice[] = [];
    const alternatives: Choice[][] = [];
    for (const step of steps) {
      const completions = step.has("completions") ? step.objects("completions").map(choiceOf) : [];
      const chosen = chosenOf(step, completions);
      alternatives.push(...completions.filter((one) => one !== chosen).map((one) => [...path, one]));
      if (chosen) path.push(chosen);
      if (!chosen) break;
    }
    if (path.length === 0) {
      losses.add("records without any step (left out)");
      return [];
    }
    const answer = question.optionalString("ground_truth_answer");
    const shared = { question: question.text("problem"), ...(answer === undefined ? {} : { answer }) };
    const extra = {
      ...fields.rest(["question", "label"]),
      question: question.rest(["problem", "ground_truth_answer"]),
      label: label.record,
    };
    return [
      { ...shared, ...solutionOf(path, losses), extra },
      ...alternatives.map((choices) => ({ ...shared, ...solutionOf(choices, losses), extra: { isAlternative: true } })),
    ];
  },

  write({ record, values, extra }, losses) {
    // It stands in the record of the path it leaves, as one of the completions.
    if (extra.isAlternative === true) return undefined;
    const texts = trimmedSteps(record.steps, losses);
    const { question, label, ...rest } = extra as { question?: object; label?: { steps: StoredStep[] } };
    const ratings = values.map((value) => (value === 1 ? 1 : -1));
    const isFinished = ratings[ratings.length - 1] === 1;
    return {
      ...(label ? rest : unknownCircumstances),
      question: { problem: record.question, ground_truth_answer: record.answer ?? null, ...question },
      label: label
        ? { ...label, steps: label.steps.map((step, i) => withRating(step, texts[i], ratings[i])) }
        : {
            steps: texts.map((text, i) => newStep(text, ratings[i] as number, i === texts.length - 1)),
            total_time: null,
            finish_reason: isFinished ? "solution" : "found_error",
          },
    };
  },
};

/** What only the people's tool could know. */
const unknownCircumstances = {
  labeler: null,
  timestamp: null,
  generation: null,
  is_quality_control_question: false,
  is_initial_screening_question: false,
};

interface StoredCompletion {
  text: string;
  rating: number | null;
}

interface StoredStep {
  completions: StoredCompletion[] | null;
  human_completion: StoredCompletion | null;
  chosen_completion: number | null;
}

function choiceOf(completion: Fields): Choice {
  const rating = completion.has("rating") ? completion.oneOf("rating", [-1, 0, 1]) : null;
  return { text: completion.string("text"), rating };
}

/** The completion the path goes on with; where none was chosen nor written by a person, the first, which ends the path. */
function chosenOf(step: Fields, completions: Choice[]): Choice | undefined {
  if (step.has("chosen_completion")) {
    return completions[step.integer("chosen_completion", 0, completions.length - 1)];
  }
  return step.has("human_completion") ? choiceOf(step.object("human_completion")) : completions[0];
}

function solutionOf(choices: Choice[], losses: Losses): Pick<ImportedSolution, "steps" | "values"> {
  if (choices.some(({ rating }) => rating === 0)) losses.add("neutral ratings (read as right)");
  if (choices.some(({ rating }) => rating === null)) losses.add("steps nobody rated (read as right: the path goes on)");
  return {
    steps: joinable(choices.map(({ text }) => text)),
    values: choices.map(({ rating }) => Number(rating !== -1)),
  };
}

function newStep(text: string, rating: number, isLast: boolean): object {
  const completions = [{ text, rating, flagged: false }];
  return { completions, human_completion: null, chosen_completion: isLast && rating === -1 ? null : 0 };
}

/** The stored step with the path's text and label; a rating that agrees with the label (0 for right, none) stays. */
function withRating(step: StoredStep, text: string | undefined, rating: number | undefined): StoredStep {
  if (text === undefined || rating === undefined) return step;
  const change = (one: StoredCompletion): StoredCompletion => {
    const agrees = (one.rating !== -1) === (rating === 1);
    return { ...one, text: one.text.trim() === text ? one.text : text, rating: agrees ? one.rating : rating };
  };
  if (step.chosen_completion === null && step.human_completion) {
    return { ...step, human_completion: change(step.human_completion) };
  }
  const chosen = step.chosen_completion ?? 0;
  return { ...step, completions: (step.completions ?? []).map((one, i) => (i === chosen ? change(one) : one)) };
}
