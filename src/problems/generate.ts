/** Problems without end: each one a function of split, seed, difficulty and index. */
import { expectInteger, expectOneOf } from "../check.js";
import { ErprmError } from "../errors.js";
import type { Problem } from "../types.js";
import { type Difficulty, difficulties, sizes } from "./difficulty.js";
import { distractor } from "./distractors.js";
import { Random } from "./random.js";
import { type Split, splitOf, splits } from "./split.js";
import { stories } from "./stories/all.js";
import type { Story } from "./story.js";
import { type Question, Tale } from "./tale.js";

export interface ProblemSettings {
  split: Split;
  seed: number;
  difficulty: Difficulty;
}

export interface GenerateOptions extends Partial<ProblemSettings> {
  /** How many; default: no end. */
  num?: number;
}

/** A problem, and what it was made of. */
export interface GeneratedProblem extends Required<Problem> {
  /** The kind of story: shop, trip, ... */
  kind: string;
  /** Calculations that lead to the answer: the lines of the solution but for the last. */
  numSteps: number;
}

/** Attempts at one problem; a few dozen are usual, so this many mean a story that cannot be told. */
const maxAttempts = 20_000;

/** The question among those offered that takes as many calculations as wanted and needs enough of what the text states. */
function suitable(tale: Tale): Question | undefined {
  const questions = tale.questions.filter(({ asked }) => {
    const needed = asked.needed();
    const numUnused = tale.stated.filter((quantity) => !needed.has(quantity)).length;
    return asked.numSteps === tale.numSteps && numUnused <= tale.size.maxUnused;
  });
  return questions.length === 0 ? undefined : tale.random.pick(questions);
}

/** One attempt. Undefined when its numbers do not work out or its question has not the wanted number of steps. */
function attempt(story: Story, tale: Tale): Omit<GeneratedProblem, "id"> | undefined {
  story.tell(tale);
  if (!tale.fits) return undefined;
  const question = suitable(tale);
  if (question === undefined) return undefined;
  const sentences = [...tale.sentences];
  for (let count = tale.random.pick(tale.size.numDistractors); count > 0; count--) {
    sentences.splice(tale.random.integer(1, sentences.length), 0, distractor(tale, tale.name()));
  }
  const { asked, text } = question;
  return {
    question: [...sentences, text].join(" "),
    answer: String(asked.value),
    solution: [...asked.lines(), `The answer is ${asked.value}.`].join("\n"),
    kind: story.kind,
    numSteps: asked.numSteps,
  };
}

/**
 * The problem of this index.
 * @throws ERPRM_INVALID_ARGUMENT
 */
export function generateProblem(index: number, settings: Partial<ProblemSettings> = {}): GeneratedProblem {
  const { split, seed, difficulty } = checked(settings);
  expectInteger("index", index);
  const key = `${split} ${seed} ${difficulty} ${index}`;
  const size = sizes[difficulty];
  const plan = new Random(key);
  const story = plan.pick(stories);
  const numSteps = plan.pick(size.numSteps);
  for (let count = 0; count < maxAttempts; count++) {
    const made = attempt(story, new Tale(new Random(`${key} ${count}`), size, numSteps));
    if (made && splitOf(made.question) === split) return { id: `word-${split}-${index}`, ...made };
  }
  throw new ErprmError("ERPRM_INTERNAL", `Found no ${story.kind} problem of ${numSteps} steps (${difficulty})`);
}

function checked({ split = "train", seed = 0, difficulty = "default" }: Partial<ProblemSettings>): ProblemSettings {
  expectOneOf("split", split, splits);
  expectOneOf("difficulty", difficulty, difficulties);
  return { split, difficulty, seed: expectInteger("seed", seed, 0, Number.MAX_SAFE_INTEGER) };
}

/**
 * Arithmetic word problems with worked solutions, from index 0 on. The same settings give the same problems, and the
 * first hundred of a thousand are the first hundred of a million. No question is in two splits, whatever seed or difficulty.
 * Answers are non-negative integers, and so is every number on the way. Ids are like `word-test-0`.
 * @throws ERPRM_INVALID_ARGUMENT
 */
export function* generateProblems({ num, ...settings }: GenerateOptions = {}): Generator<Required<Problem>, void> {
  const valid = checked(settings);
  if (num !== undefined) expectInteger("num", num);
  for (let index = 0; num === undefined || index < num; index++) {
    const { id, question, answer, solution } = generateProblem(index, valid);
    yield { id, question, answer, solution };
  }
}
