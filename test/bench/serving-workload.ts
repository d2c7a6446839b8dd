/** What all sides score in the serving benchmark: solutions as text, as clients send them, of real problems' lengths. */
import type { RewardModelConfig } from "../../src/reward/convention.js";
import { randomNumbers } from "../support/random-numbers.js";
import { solutionLengths } from "./solution-lengths.js";

export interface ServedSolution {
  question: string;
  /** With their line ends. */
  steps: string[];
}

export interface ServingWorkload {
  /** A directory with reward_model.json. */
  model: string;
  threads: number;
  /** Of the peer. */
  peerThreads: number;
  solutions: ServedSolution[];
  /** The rendered prompt around the question. */
  prompt: { before: string; after: string };
  /** Special tokens in front of everything. */
  idsBefore: number[];
  tagIds: number[];
  /** [positive, negative] */
  candidates: [number, number];
  /** Tokens of our forward pass. */
  batchTokens: number;
  /** Tokens of the peer's, padding included. */
  peerBatchTokens: number;
  /** How long the first of a batch waits for others. */
  batchWaitMs: number;
  /** Step scores of each solution, once they are known. */
  expected?: number[][];
}

const words = (
  "there were twelve apples and seven pears in each basket so the farmer sold half of them for three dollars on Monday " +
  "then he bought 45 more with what was left of his money which means that 12 * 7 = 84 minus 19 is 65 in total"
).split(" ");

/** Running text of exactly so many characters that neither begins nor ends in a space. */
function textOf(length: number, random: () => number): string {
  let text = "";
  while (text.length < length) {
    text += `${text === "" ? "" : " "}${words[Math.floor(random() * words.length)] as string}`;
  }
  return text.slice(0, length).replace(/ $/, ".");
}

/**
 * `count` different solutions. With one character a token and a prompt of question and line end, each has exactly the tokens
 * of a real one: a step is its text, the line end and the tag.
 * @param charactersPerToken of the model's tokenizer
 */
export function solutionTexts(count: number, charactersPerToken = 1): ServedSolution[] {
  const random = randomNumbers(3);
  const text = (tokens: number) => textOf(Math.max(1, Math.round(tokens * charactersPerToken)), random);
  return solutionLengths("ragged", 0, count).map(({ promptTokens, stepEnds }) => ({
    question: text(promptTokens - 1),
    steps: stepEnds.map((end, step) => {
      const tokens = end - (stepEnds[step - 1] ?? 0) - 2;
      // The space that follows a prompt is a token of the first step.
      return step === 0 ? ` ${text(tokens - 1)}\n` : `${text(tokens)}\n`;
    }),
  }));
}

/** A way to ask a model with the tokens of test/support/byte-tokenizer.ts, whose ids from 257 on mean nothing else. */
export const byteModelConfig: RewardModelConfig = {
  version: 1,
  kind: "process",
  convention: {
    kind: "step-tag",
    prompt: { template: "{question}\n" },
    tag: { text: "<|unused_1|>", tokenIds: [257] },
    candidates: {
      positive: { text: "<|unused_2|>", tokenIds: [258] },
      negative: { text: "<|unused_3|>", tokenIds: [259] },
    },
  },
  aggregate: "min",
};
