/**
 * The keeper of a training of several ranks. Rank 0 has the directory; the others get from it where training stands and the
 * weights, so that they need no file that it writes.
 */
import type { Ranks } from "../training/distributed/ranks.js";
import type { TrainingEngine } from "../training/trainer.js";
import { parseTrainingState, type TrainingState } from "../training/training-state.js";
import type { TrainingKeeper } from "./train.js";

const nothing = new Uint8Array();

/** Of rank 0. */
export class LeadingKeeper implements TrainingKeeper {
  readonly #keeper: TrainingKeeper;
  readonly #ranks: Ranks;

  constructor(keeper: TrainingKeeper, ranks: Ranks) {
    this.#keeper = keeper;
    this.#ranks = ranks;
  }

  async latest(): Promise<TrainingState | undefined> {
    const state = await this.#keeper.latest();
    await this.#ranks.exchange(Buffer.from(JSON.stringify(state ?? null)));
    // Models that were opened or drawn here and there are the same; that they are does not hang on it.
    if (!isRestored(state)) await this.#ranks.copyFromFirst();
    return state;
  }

  async restore(engine: TrainingEngine, updateIndex: number): Promise<void> {
    await this.#keeper.restore(engine, updateIndex);
    await this.#ranks.copyFromFirst();
  }

  save(engine: TrainingEngine, state: TrainingState): Promise<void> {
    return this.#keeper.save(engine, state);
  }
}

/** Of the other ranks: keeps nothing. */
export class FollowingKeeper implements TrainingKeeper {
  readonly #ranks: Ranks;

  constructor(ranks: Ranks) {
    this.#ranks = ranks;
  }

  async latest(): Promise<TrainingState | undefined> {
    const [bytes = nothing] = await this.#ranks.exchange(nothing);
    const state = parseTrainingState(JSON.parse(Buffer.from(bytes).toString()));
    if (!isRestored(state)) await this.#ranks.copyFromFirst();
    return state;
  }

  restore(): Promise<void> {
    return this.#ranks.copyFromFirst();
  }

  async save(): Promise<void> {}
}

/** True for a state that `trainStage` restores the trainer to. */
function isRestored(state: TrainingState | undefined): boolean {
  return state !== undefined && state.updateIndex > 0;
}
