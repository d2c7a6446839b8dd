/**
 * From the groups of a trunk to requests: the completions of one prefix are asked for together (`n`), in pieces of a bounded
 * size, each with a seed that is a function of (seed, problem, solution, step, first completion). Whole solutions of one
 * prompt are such completions too: a block of them begins at a multiple of the bound, whichever solutions are still missing,
 * so that a run that was interrupted asks again for what it asked for before.
 */
import { createHash } from "node:crypto";
import { promptStepIndex, type TrunkGroup } from "../trunk.js";

export interface Draw {
  prefixLength: number;
  /** Completions to ask for. */
  numCompletions: number;
  seed: number;
  /** Where completion i of the answer belongs; undefined: it was there before. */
  places: ({ group: number; completion: number } | undefined)[];
}

/** An integer below 2^31, which every server takes. */
export function seedOf(seed: number, problemId: string, ...coordinates: number[]): number {
  const hash = createHash("sha256").update(JSON.stringify([seed, problemId, ...coordinates]));
  return hash.digest().readUInt32LE(0) >>> 1;
}

export interface DrawOptions {
  seed: number;
  problemId: string;
  /** Completions of one request, at most. */
  maxCompletions: number;
}

function isWholeSolution({ stepIndex, numCompletions, firstCompletion }: TrunkGroup): boolean {
  return stepIndex === promptStepIndex && numCompletions === 1 && firstCompletion === 0;
}

/** Prefixes in the order of the groups: those that share the most text follow each other. */
export function drawsOf(groups: readonly TrunkGroup[], options: DrawOptions): Draw[] {
  const draws: Draw[] = [];
  const blocks = new Map<string, Draw>();
  for (const [group, one] of groups.entries()) {
    if (isWholeSolution(one)) addSolution(group, one, blocks, draws, options);
    else draws.push(...piecesOf(group, one, options));
  }
  return draws;
}

function addSolution(
  group: number,
  { prefixLength, solutionIndex }: TrunkGroup,
  blocks: Map<string, Draw>,
  draws: Draw[],
  { seed, problemId, maxCompletions }: DrawOptions,
): void {
  const place = solutionIndex % maxCompletions;
  const first = solutionIndex - place;
  const key = `${prefixLength} ${first}`;
  let draw = blocks.get(key);
  if (draw === undefined) {
    const own = seedOf(seed, problemId, first, promptStepIndex, 0);
    draw = { prefixLength, numCompletions: 0, seed: own, places: [] };
    blocks.set(key, draw);
    draws.push(draw);
  }
  draw.numCompletions = Math.max(draw.numCompletions, place + 1);
  draw.places[place] = { group, completion: 0 };
}

function piecesOf(
  group: number,
  { prefixLength, numCompletions, solutionIndex, stepIndex, firstCompletion }: TrunkGroup,
  { seed, problemId, maxCompletions }: DrawOptions,
): Draw[] {
  const pieces: Draw[] = [];
  for (let start = 0; start < numCompletions; start += maxCompletions) {
    const size = Math.min(maxCompletions, numCompletions - start);
    pieces.push({
      prefixLength,
      numCompletions: size,
      seed: seedOf(seed, problemId, solutionIndex, stepIndex, firstCompletion + start),
      places: Array.from({ length: size }, (_, i) => ({ group, completion: start + i })),
    });
  }
  return pieces;
}
