import test from "ava";
import { WorkerCall } from "../../../../src/cli/queue/worker-call.js";

test("a minute without a worker is told, and every further one; a worker begins the minute anew", (t) => {
  let now = 5_000;
  const call = new WorkerCall(() => now);
  const dueAt = (seconds: number, numWorkers: number) => {
    now = 5_000 + 1000 * seconds;
    return call.due(numWorkers);
  };
  t.is(dueAt(0, 0), undefined);
  t.is(dueAt(59.9, 0), undefined);
  t.is(dueAt(60, 0), 60);
  t.is(dueAt(60.5, 0), undefined);
  t.is(dueAt(119.5, 0), undefined);
  t.is(dueAt(120, 0), 120);
  t.is(dueAt(300, 2), undefined);
  t.is(dueAt(310, 0), undefined);
  t.is(dueAt(369, 0), undefined);
  t.is(dueAt(370, 0), 60);
});
