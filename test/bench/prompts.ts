/** Where the tokens of a workload come from: worked problems in a model's own tokens, or random ids for shapes without words. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/native/loader.js";
import { openPolicyFiles } from "../../src/policy/open-policy.js";
import { randomNumbers } from "../support/random-numbers.js";
import { workedProblem } from "./worked-problems.js";
import type { PromptSource } from "./workload.js";

/** The part of a text model that prompts need. */
export interface PromptText {
  renderPrompt(options: { question: string }): string;
  encodePrompt(text: string): Int32Array;
  readonly stopTokenIds: readonly number[];
}

/** Of a model's own tokens. */
export function textPrompts(text: PromptText): PromptSource {
  const opening = (problem: number) => text.renderPrompt({ question: workedProblem(problem).question });
  return {
    endTokens: text.stopTokenIds,
    question: (problem) => [...text.encodePrompt(opening(problem))],
    solution(problem, numSteps) {
      const prefixLengths: number[] = [];
      let tokens: number[] = [];
      for (let last = 1; last <= numSteps; last++) {
        const steps = workedProblem(problem).steps.slice(0, last).join("\n\n");
        tokens = [...text.encodePrompt(`${opening(problem)}${steps}\n\n`)];
        prefixLengths.push(tokens.length);
      }
      return { tokens, prefixLengths };
    },
    running(length) {
      let all = "";
      let tokens: number[] = [];
      for (let problem = 0; tokens.length < length; problem++) {
        const { question, steps } = workedProblem(problem);
        all += `${question}\n\n${steps.join("\n\n")}\n\n`;
        tokens = [...text.encodePrompt(all)];
      }
      return tokens.slice(0, length);
    },
  };
}

/** Of ids below `vocabularySize`: speed does not depend on what they say. Prompts are as long as those of worked problems. */
export function randomPrompts(vocabularySize: number): PromptSource {
  const ids = (seed: number, length: number) => {
    const random = randomNumbers(seed);
    return Array.from({ length }, () => Math.floor(random() * vocabularySize));
  };
  const [promptTokens, stepTokens] = [140, 36];
  return {
    endTokens: [],
    question: (problem) => ids(problem + 1, promptTokens),
    solution: (problem, numSteps) => ({
      tokens: ids(problem + 1, promptTokens + numSteps * stepTokens),
      prefixLengths: Array.from({ length: numSteps }, (_, step) => promptTokens + (step + 1) * stepTokens),
    }),
    running: (length) => ids(1, length),
  };
}

/** A model's text side. */
export async function openPromptText(model: string): Promise<PromptText> {
  return (await openPolicyFiles(model, {})).text;
}

/**
 * The same `count` tokens for every engine, in pieces: the licence's words, which nobody edits, and then worked problems.
 * What engines think of their first tokens is not compared.
 */
export function qualityPieces(
  source: PromptSource,
  text: PromptText | undefined,
  count: number,
  length = 512,
): number[][] {
  const licence = text ? [...text.encodePrompt(readFileSync(join(packageRoot, "LICENSE"), "utf8"))] : [];
  const tokens = [...licence, ...source.running(Math.max(1, count - licence.length))].slice(0, count);
  const pieces: number[][] = [];
  for (let first = 0; first < tokens.length; first += length) pieces.push(tokens.slice(first, first + length));
  return pieces.filter((piece) => piece.length > 1);
}
