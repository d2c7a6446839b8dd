/**
 * What an evaluation wants to know of a reward model that it does not load itself: `score` and `evaluate` note it in
 * their manifests, so that a file of scores, too, tells what it comes from.
 */
import { basename, dirname, join } from "node:path";
import { manifestName, readManifest } from "../../data/manifest.js";
import { aggregates } from "../../data/selection.js";
import type { RewardModelConfig } from "../../reward/convention.js";
import type { Aggregate } from "../../types.js";

export interface RewardModelFacts {
  kind: string;
  /** The model's own aggregate. */
  aggregate: Aggregate;
  /** What it was trained to predict, where that is known. */
  target?: string;
}

export function rewardModelFacts({ kind, aggregate, training }: RewardModelConfig): RewardModelFacts {
  return { kind, aggregate, ...(training && { target: training.target }) };
}

/** Of a reward model that `evaluate` scored with. */
export function scoresFileOf(model: string): string {
  return `scores-${model}.jsonl`;
}

/** What the manifest beside a file of scores says; undefined without one that lists it. @throws ERPRM_INVALID_DATA, ERPRM_IO */
export async function factsBeside(scoresFile: string): Promise<RewardModelFacts | undefined> {
  const name = basename(scoresFile);
  const manifest = await readManifest(join(dirname(scoresFile), manifestName));
  if (!manifest?.outputs.includes(name)) return undefined;
  const noted = manifest.freeOptions?.rewardModelFacts;
  if (typeof noted !== "object" || noted === null) return undefined;
  if (manifest.stage === "score") return checkedFacts(noted);
  // An evaluation notes them by the models' names.
  const own = Object.entries(noted).find(([model]) => scoresFileOf(model) === name);
  return own && checkedFacts(own[1]);
}

function checkedFacts(noted: unknown): RewardModelFacts | undefined {
  const facts = (noted ?? {}) as Partial<Record<keyof RewardModelFacts, unknown>>;
  const aggregate = aggregates.find((one) => one === facts.aggregate);
  if (typeof facts.kind !== "string" || aggregate === undefined) return undefined;
  return { kind: facts.kind, aggregate, ...(typeof facts.target === "string" && { target: facts.target }) };
}
