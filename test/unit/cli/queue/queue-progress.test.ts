import test from "ava";
import { QueueProgress } from "../../../../src/cli/queue/queue-progress.js";
import { WorkerBoard } from "../../../../src/queue/worker-board.js";
import { until } from "../../../support/until.js";

test("the writer's line says what is done, how fast, by how many workers, and which unit hangs at whom", (t) => {
  const board = new WorkerBoard({ ackWaitSeconds: 30 });
  let shown = "";
  const stream = { isTTY: true, columns: 300, write: (text: string) => (shown = text) };
  const told: string[] = [];
  const bar = { title: "label", unit: "solutions", total: 40, done: 4, stream, howToWork: "" };
  const progress = new QueueProgress(board, bar, (text) => told.push(text));
  t.teardown(() => progress.end());
  progress.advance(2, 50);
  t.regex(shown, /label 6\/40 solutions.* no worker, /);
  const holds = [{ place: 3, name: 'problem "p3"', seconds: 42 }];
  board.heard({ worker: { id: "a", host: "node7", pid: 11 }, done: 1, holds, left: false });
  progress.tell("worker node7:11 is here");
  t.deepEqual(told, ["worker node7:11 is here"]);
  // Redrawn ten times a second at most.
  const line = new QueueProgress(board, bar, () => {});
  t.teardown(() => line.end());
  line.advance(1, 50);
  t.regex(
    shown,
    /5\/40 solutions.* 1 worker, \S+ units\/s, \S+ rollouts\/s, oldest: problem "p3" at node7:11 for 42 s/,
  );
});

test("a writer without a worker says every minute how one is started", async (t) => {
  const board = new WorkerBoard({ ackWaitSeconds: 30 });
  const told: string[] = [];
  let now = 0;
  const options = { title: "label", unit: "solutions", total: 40, done: 0, quiet: true, howToWork: "start one" };
  const clocked = { ...options, refreshMs: 1, now: () => now };
  const progress = new QueueProgress(board, clocked, (text) => told.push(text));
  t.teardown(() => progress.end());
  now = 61_000;
  await until(() => told.length === 1);
  now = 125_000;
  await until(() => told.length === 2);
  t.deepEqual(told, ["no worker for 61 s: start one", "no worker for 2:05: start one"]);
});
