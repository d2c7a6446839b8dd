/** The problems of a fine-tuning: those it trains on, and those it is evaluated on. */
import { ErprmError } from "../../errors.js";
import { heldOutProblems } from "../../training/held-out.js";
import type { Problem } from "../../types.js";
import { allProblems } from "../run-rollout.js";

export interface FinetuneProblems {
  training: Problem[];
  heldOut: Problem[];
  /** Of the problems to train on, left out because they ask what a held-out one asks. */
  numShared: number;
}

/**
 * @throws as `readProblems` and `heldOutProblems`; ERPRM_INVALID_DATA when nothing is left to train on
 */
export async function finetuneProblems(
  path: string,
  heldOutPath: string | undefined,
  { limit, seed, heldOut: share }: { limit: number | undefined; seed: number; heldOut: number },
): Promise<FinetuneProblems> {
  const all = await allProblems(path, limit);
  const fromFile = heldOutPath === undefined ? undefined : await allProblems(heldOutPath, undefined);
  const places =
    fromFile === undefined
      ? heldOutProblems(
          all.map(({ id }) => id),
          { seed, share },
        )
      : new Set<string>();
  const heldOut = fromFile ?? all.filter(({ id }) => places.has(id));
  const asked = new Set(heldOut.map(({ question }) => question.trim()));
  const others = fromFile === undefined ? all.filter(({ id }) => !places.has(id)) : all;
  const training = others.filter(({ question }) => !asked.has(question.trim()));
  if (training.length > 0) return { training, heldOut, numShared: others.length - training.length };
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected ${path} to have a problem that is not held out, found none: all ${others.length} ask what held-out problems ask`,
    { file: path, field: "question" },
  );
}
