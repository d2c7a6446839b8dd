import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import type { EncodedSteps } from "../../../src/reward/encode-steps.js";
import { ScoringQueue, type ScoringQueueOptions } from "../../../src/service/scoring-queue.js";
import { until } from "../../support/until.js";

/** Scores are [first token, number of tokens]. */
const encoded = (id: number, numTokens = 10): EncodedSteps => ({
  tokenIds: new Int32Array(numTokens).fill(id),
  positions: Int32Array.of(numTokens - 1),
});

class Model {
  /** First tokens of each pass. */
  readonly passes: number[][] = [];
  #open: (() => void)[] = [];
  #isHeld = false;
  fault: (batch: readonly EncodedSteps[]) => unknown = () => undefined;

  /** Passes wait until they are let through. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const open of this.#open.splice(0)) open();
  }

  score = async (batch: readonly EncodedSteps[]): Promise<number[][]> => {
    this.passes.push(batch.map(({ tokenIds }) => tokenIds[0] as number));
    if (this.#isHeld) await new Promise<void>((resolve) => this.#open.push(resolve));
    const fault = this.fault(batch);
    if (fault !== undefined) throw fault;
    return batch.map(({ tokenIds }) => [tokenIds[0] as number, tokenIds.length]);
  };
}

function makeQueue(options: Partial<ScoringQueueOptions> = {}) {
  const model = new Model();
  const told = { refused: 0, abandoned: 0, solutions: 0 };
  const queue = new ScoringQueue({
    score: model.score,
    tokensPerBatch: 40,
    batchWaitMs: 0,
    maxQueuedTokens: 200,
    observer: {
      batch: (numSolutions) => {
        told.solutions += numSolutions;
      },
      waited: () => {},
      refused: () => {
        told.refused += 1;
      },
      abandoned: () => {
        told.abandoned += 1;
      },
    },
    ...options,
  });
  return { model, queue, told };
}

const code = (error: unknown) => (error as ErprmError).code;

test("what comes while a pass runs shares the next one, whoever asks", async (t) => {
  const { model, queue } = makeQueue();
  model.hold();
  const first = queue.submit("a", [encoded(1)]);
  const others = [queue.submit("b", [encoded(2)]), queue.submit("c", [encoded(3), encoded(4)])];
  await until(() => model.passes.length === 1);
  model.release();
  t.deepEqual(await first, [[1, 10]]);
  t.deepEqual(await Promise.all(others), [
    [[2, 10]],
    [
      [3, 10],
      [4, 10],
    ],
  ]);
  t.deepEqual(model.passes, [[1], [2, 3, 4]]);
});

test("a pass has no more than its tokens", async (t) => {
  const { model, queue } = makeQueue({ tokensPerBatch: 25 });
  model.hold();
  const all = [1, 2, 3, 4, 5].map((id) => queue.submit(`client ${id}`, [encoded(id)]));
  await until(() => model.passes.length === 1);
  model.release();
  await Promise.all(all);
  t.deepEqual(model.passes, [[1], [2, 3], [4, 5]]);
});

test("an idle model waits for company, and no longer than for a full batch", async (t) => {
  const { model, queue } = makeQueue({ batchWaitMs: 1e6 });
  const one = queue.submit("a", [encoded(1)]);
  const two = queue.submit("b", [encoded(2)]);
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(model.passes, []);
  const three = queue.submit("c", [encoded(3, 20)]);
  await Promise.all([one, two, three]);
  t.deepEqual(model.passes, [[1, 2, 3]]);
});

test("the deadline starts a batch that is not full", async (t) => {
  const { model, queue } = makeQueue({ batchWaitMs: 5 });
  t.deepEqual(await Promise.all([queue.submit("a", [encoded(1)]), queue.submit("b", [encoded(2)])]), [
    [[1, 10]],
    [[2, 10]],
  ]);
  t.deepEqual(model.passes, [[1, 2]]);
});

test("a client that is alone waits for nobody, until there is another", async (t) => {
  const { model, queue } = makeQueue({ batchWaitMs: 1e6 });
  t.deepEqual(await queue.submit("a", [encoded(1, 40)]), [[1, 40]]);
  t.deepEqual(await queue.submit("a", [encoded(2)]), [[2, 10]]);
  model.hold();
  const running = queue.submit("a", [encoded(3)]);
  await until(() => model.passes.length === 3);
  const both = [queue.submit("a", [encoded(4)]), queue.submit("b", [encoded(5)])];
  model.release();
  await running;
  await new Promise((resolve) => setImmediate(resolve));
  t.is(model.passes.length, 3, "there are two now");
  await Promise.all([...both, queue.submit("c", [encoded(6, 20)])]);
  t.deepEqual(model.passes[3], [4, 5, 6]);
});

test("a full queue refuses with the time to come back, takes others' work still, and never half of a request", async (t) => {
  const { model, queue, told } = makeQueue();
  model.hold();
  const running = queue.submit("a", [encoded(1)]);
  await until(() => model.passes.length === 1);
  const waiting = queue.submit(
    "a",
    Array.from({ length: 9 }, (_, i) => encoded(i + 2)),
  );
  const refused = await t.throwsAsync(queue.submit("a", [encoded(90), encoded(91)]), { instanceOf: ErprmError });
  t.is(code(refused), "ERPRM_BUSY");
  t.is(refused.details.status, 429);
  t.is(refused.details.retryAfterSeconds, 1);
  t.is(queue.numTokens, 90, "a client holds at most half");
  const other = queue.submit("b", [encoded(50)]);
  t.is(told.refused, 1);
  model.release();
  await Promise.all([running, waiting, other]);
  t.false(model.passes.flat().includes(90));
  t.is(queue.numTokens, 0);
});

test("an empty queue takes a request of any size, which would otherwise never be scored", async (t) => {
  const { queue } = makeQueue();
  const scores = await queue.submit(
    "a",
    Array.from({ length: 50 }, (_, i) => encoded(i)),
  );
  t.deepEqual(
    scores.map(([id]) => id),
    Array.from({ length: 50 }, (_, i) => i),
  );
});

test("who goes away leaves the queue at once: what waited is never scored, the room is free", async (t) => {
  const { model, queue, told } = makeQueue();
  model.hold();
  const running = queue.submit("a", [encoded(1)]);
  await until(() => model.passes.length === 1);
  const abort = new AbortController();
  const gone = queue.submit("b", [encoded(2), encoded(3)], abort.signal);
  const stays = queue.submit("c", [encoded(4)]);
  abort.abort(new ErprmError("ERPRM_ABORTED", "The client went away"));
  t.is(code(await t.throwsAsync(gone)), "ERPRM_ABORTED");
  t.is(queue.numSolutions, 1);
  model.release();
  await Promise.all([running, stays]);
  t.deepEqual(model.passes, [[1], [4]]);
  t.is(told.abandoned, 2);
});

test("who goes away during the pass is answered at once, and the others of the pass get their scores", async (t) => {
  const { model, queue } = makeQueue({ batchWaitMs: 1e6 });
  model.hold();
  const abort = new AbortController();
  const gone = queue.submit("a", [encoded(1, 20)], abort.signal);
  const stays = queue.submit("b", [encoded(2, 20)]);
  await until(() => model.passes.length === 1);
  abort.abort();
  t.is(code(await t.throwsAsync(gone)), "ERPRM_ABORTED");
  model.release();
  t.deepEqual(await stays, [[2, 20]]);
});

test("a signal that fired before asks for nothing", async (t) => {
  const { model, queue } = makeQueue();
  t.is(code(await t.throwsAsync(queue.submit("a", [encoded(1)], AbortSignal.abort()))), "ERPRM_ABORTED");
  t.deepEqual([model.passes, queue.numSolutions], [[], 0]);
});

test("a solution with numerical trouble fails alone, not with its neighbours of the pass", async (t) => {
  const { model, queue } = makeQueue({ batchWaitMs: 1e6 });
  model.fault = (batch) =>
    batch.some(({ tokenIds }) => tokenIds[0] === 2) ? new ErprmError("ERPRM_NUMERICAL", "not finite") : undefined;
  const all = [1, 2, 3, 4].map((id) => queue.submit(`client ${id}`, [encoded(id)]).catch(code));
  t.deepEqual(await Promise.all(all), [[[1, 10]], "ERPRM_NUMERICAL", [[3, 10]], [[4, 10]]]);
});

test("a model that is gone fails every solution of the pass, and the queue goes on with the next", async (t) => {
  const { model, queue } = makeQueue({ batchWaitMs: 1e6 });
  model.fault = () => new ErprmError("ERPRM_DISPOSED", "gone");
  const all = [1, 2, 3, 4].map((id) => queue.submit(`client ${id}`, [encoded(id)]).catch(code));
  t.deepEqual(await Promise.all(all), Array(4).fill("ERPRM_DISPOSED"));
  t.is(model.passes.length, 1);
  model.fault = () => undefined;
  t.deepEqual(await queue.submit("a", [encoded(5, 40)]), [[5, 40]]);
});

test("a stream waits for room in the place of a refusal, and wakes when its signal fires", async (t) => {
  const { model, queue } = makeQueue();
  const { signal } = new AbortController();
  model.hold();
  const running = queue.submit("a", [encoded(1)]);
  await until(() => model.passes.length === 1);
  const full = queue.submit(
    "a",
    Array.from({ length: 10 }, (_, i) => encoded(i + 10)),
  );
  const waits = queue.submitWhenRoom("a", encoded(2), signal);
  const abort = new AbortController();
  const givesUp = queue.submitWhenRoom("a", encoded(3), abort.signal);
  t.is(queue.numSolutions, 10);
  abort.abort();
  t.is(code(await t.throwsAsync(givesUp)), "ERPRM_ABORTED");
  model.release();
  t.deepEqual(await waits, [2, 10]);
  await Promise.all([running, full]);
  t.false(model.passes.flat().includes(3));
});

test("no solutions have no scores", async (t) => {
  const { queue } = makeQueue();
  t.deepEqual(await queue.submit("a", []), []);
});
