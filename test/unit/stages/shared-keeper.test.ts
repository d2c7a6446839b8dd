import test from "ava";
import { FollowingKeeper, LeadingKeeper } from "../../../src/stages/shared-keeper.js";
import type { TrainingKeeper } from "../../../src/stages/train.js";
import { initialState, type TrainingState } from "../../../src/training/training-state.js";
import { FakeTrainer } from "../../support/fake-trainer.js";
import { inProcessRanks } from "../../support/in-process-ranks.js";

/** A keeper that tells what is asked of it. */
function keeperOf(state: TrainingState | undefined) {
  const calls: string[] = [];
  const keeper: TrainingKeeper = {
    latest: async () => state,
    restore: async (_, updateIndex) => void calls.push(`restore ${updateIndex}`),
    save: async (_, { updateIndex }) => void calls.push(`save ${updateIndex}`),
  };
  return { keeper, calls };
}

function pair(state: TrainingState | undefined) {
  const { keeper, calls } = keeperOf(state);
  const [first, second] = inProcessRanks(2) as [
    ReturnType<typeof inProcessRanks>[0],
    ReturnType<typeof inProcessRanks>[0],
  ];
  return { leading: new LeadingKeeper(keeper, first), following: new FollowingKeeper(second), calls, first, second };
}

const engine = new FakeTrainer({ loss: "binary" });

test("the others learn from rank 0 where training stands, and get its weights once", async (t) => {
  const state = { ...initialState(false), updateIndex: 7, recentLosses: [0.5], best: { updateIndex: 5, loss: 0.4 } };
  const { leading, following, calls, first, second } = pair(state);
  t.deepEqual(await Promise.all([leading.latest(), following.latest()]), [state, state]);
  t.deepEqual([first.calls, second.calls], [[], []], "the weights come with the restoration");
  await Promise.all([leading.restore(engine, 7), following.restore()]);
  t.deepEqual(calls, ["restore 7"]);
  t.deepEqual([first.calls, second.calls], [["copy"], ["copy"]]);
});

test("a training that begins has the weights of rank 0 too", async (t) => {
  for (const state of [undefined, initialState(true)]) {
    const { leading, following, first, second } = pair(state);
    t.deepEqual(await Promise.all([leading.latest(), following.latest()]), [state, state]);
    t.deepEqual([first.calls, second.calls], [["copy"], ["copy"]]);
  }
});

test("only rank 0 saves", async (t) => {
  const { leading, following, calls } = pair(undefined);
  const state = { ...initialState(false), updateIndex: 3 };
  await following.save();
  t.deepEqual(calls, []);
  await leading.save(engine, state);
  t.deepEqual(calls, ["save 3"]);
});
