/**
 * Which problems are held out of training. The split is by problem: the solutions of one problem share its question and
 * its answer, so a model that saw one of them has seen a part of the others.
 */
import { expectNumberIn } from "../check.js";
import { ErprmError } from "../errors.js";
import { uniformOf } from "../statistics/random.js";
import type { TrainingExample } from "./example.js";
import type { ExampleStore } from "./example-store.js";

export const defaultHeldOutShare = 0.05;

/**
 * The held-out problems: every problem has a place in [0, 1) that only depends on (seed, id), and the `share` of problems
 * with the smallest places is held out, rounded, but at least one and never all. `share` 0 holds out none.
 * @throws ERPRM_INVALID_ARGUMENT for a share outside [0, 0.9]
 * @throws ERPRM_INVALID_DATA for a share above 0 and fewer than two problems
 */
export function heldOutProblems(
  problemIds: Iterable<string>,
  { seed, share = defaultHeldOutShare }: { seed: number; share?: number | undefined },
): Set<string> {
  expectNumberIn("the held-out share", share, 0, 0.9);
  if (share === 0) return new Set();
  const unique = [...new Set(problemIds)];
  if (unique.length < 2) {
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected at least two problems, one to train on and one to hold out, received ${unique.length}; a held-out share of 0 trains on all`,
      { field: "problemId", received: unique.length },
    );
  }
  const placed = unique.map((id) => ({ id, place: uniformOf(seed, "held-out", id) }));
  // Ties cannot happen by chance; the ids decide so that the order of the file never does.
  placed.sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1));
  const count = Math.min(Math.max(Math.round(share * unique.length), 1), unique.length - 1);
  return new Set(placed.slice(0, count).map(({ id }) => id));
}

export interface SplitExamples<E extends TrainingExample> {
  training: ExampleStore<E>;
  /** Empty for a share of 0. */
  heldOut: ExampleStore<E>;
}

export interface SplitOptions {
  seed: number;
  share?: number | undefined;
  /** Problem ids -> the id that they are placed with, their questions being the same (`BuiltExamples`). Default: none are. */
  sameQuestion?: ReadonlyMap<string, string> | undefined;
}

/**
 * The examples parted by their problems, those with the same question together; both sides keep the order. With a share of 0
 * `training` is `store` itself.
 * @throws as `heldOutProblems`
 */
export function splitExamples<E extends TrainingExample>(
  store: ExampleStore<E>,
  { seed, share, sameQuestion }: SplitOptions,
): SplitExamples<E> {
  const placedWith = (id: string) => sameQuestion?.get(id) ?? id;
  const problemIds = heldOutProblems(store.problemIds().map(placedWith), { seed, share });
  if (problemIds.size === 0) return { training: store, heldOut: store.part([]) };
  const isHeldOut = (i: number) => problemIds.has(placedWith(store.name(i).problemId));
  const all = Array.from({ length: store.size }, (_, i) => i);
  return { training: store.part(all.filter((i) => !isHeldOut(i))), heldOut: store.part(all.filter(isHeldOut)) };
}
