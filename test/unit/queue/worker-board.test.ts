import test from "ava";
import type { WorkerState } from "../../../src/queue/messages.js";
import { WorkerBoard } from "../../../src/queue/worker-board.js";

const state = (pid: number, holds: [place: number, seconds: number][] = [], left = false): WorkerState => ({
  worker: { id: `w${pid}`, host: "node", pid },
  done: 7,
  holds: holds.map(([place, seconds]) => ({ place, name: `problem ${place}`, seconds })),
  left,
});

function boardAt() {
  const clock = { ms: 0 };
  return { clock, board: new WorkerBoard({ ackWaitSeconds: 30, silenceMs: 1000, now: () => clock.ms }) };
}

test("workers that come and leave are told of once, and counted", (t) => {
  const { board } = boardAt();
  t.is(board.heard(state(1)), "worker node:1 is here (1 now)");
  t.is(board.heard(state(1)), undefined);
  t.is(board.heard(state(2)), "worker node:2 is here (2 now)");
  t.is(board.heard(state(1, [], true)), "worker node:1 left after 7 units");
  t.is(board.heard(state(1, [], true)), undefined);
  t.is(board.numWorkers, 1);
  t.is(board.numSeen, 2);
});

test("a worker that falls silent is dropped, and it is said when others get what it held", (t) => {
  const { board, clock } = boardAt();
  board.heard(state(1, [[3, 0]]));
  board.heard(
    state(3, [
      [5, 0],
      [6, 0],
    ]),
  );
  board.heard(state(4));
  clock.ms = 900;
  board.heard(state(2));
  t.deepEqual(board.dropSilent(), []);
  clock.ms = 1100;
  t.deepEqual(board.dropSilent(), [
    "nothing was heard of worker node:1 for 1 s; the unit that it held goes to others after --ack-wait (30 s)",
    "nothing was heard of worker node:3 for 1 s; the 2 units that it held go to others after --ack-wait (30 s)",
    "nothing was heard of worker node:4 for 1 s; what it may have taken since goes to others after --ack-wait (30 s)",
  ]);
  t.is(board.numWorkers, 1);
});

test("a unit whose worker fell silent stays the oldest until another worker has it, or it is done", (t) => {
  const { board, clock } = boardAt();
  board.heard(
    state(1, [
      [3, 5],
      [4, 6],
    ]),
  );
  clock.ms = 2000;
  board.dropSilent();
  t.like(board.oldest(), { place: 4, seconds: 8, worker: { pid: 1 }, isLeft: true });
  board.done(4);
  t.like(board.oldest(), { place: 3, seconds: 7, isLeft: true });
  board.heard(state(2, [[3, 0.5]]));
  t.like(board.oldest(), { place: 3, seconds: 0.5, worker: { pid: 2 }, isLeft: false });
  board.heard(state(2));
  t.is(board.oldest(), undefined);
});

test("a unit whose result came is held by nobody, whatever its worker said last", (t) => {
  const { board, clock } = boardAt();
  board.heard(
    state(1, [
      [3, 5],
      [4, 6],
    ]),
  );
  board.done(4);
  t.like(board.oldest(), { place: 3 });
  board.done(3);
  t.is(board.oldest(), undefined);
  clock.ms = 2000;
  t.regex(board.dropSilent().join(), /what it may have taken since/);
  t.is(board.oldest(), undefined);
});

test("the oldest unit ages with the board's own clock, whatever the worker's shows", (t) => {
  const { board, clock } = boardAt();
  board.heard(state(1, [[3, 5]]));
  clock.ms = 500;
  board.heard(state(2, [[4, 5.2]]));
  t.deepEqual(board.oldest(), {
    place: 3,
    name: "problem 3",
    seconds: 5.5,
    worker: { id: "w1", host: "node", pid: 1 },
    isLeft: false,
  });
});
