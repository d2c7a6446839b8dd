import test from "ava";
import { WaitingRoom } from "../../../../src/service/completions/waiting-room.js";

test("the room is bounded, and a client may hold half of it", (t) => {
  const room = new WaitingRoom(10);
  t.true(room.enter("a", 5));
  t.false(room.enter("a", 1), "half of the room");
  t.true(room.enter("b", 5));
  t.false(room.enter("c", 1), "full");
  t.is(room.numWaiting, 10);
  room.leave("a", 2);
  t.true(room.enter("c", 2));
});

test("an empty room takes anything", (t) => {
  const room = new WaitingRoom(10);
  t.true(room.enter("a", 100));
  t.false(room.enter("b", 1));
  room.leave("a", 100);
  t.true(room.enter("b", 1));
});

test("who comes again is told to after half of what waits has been started, at the pace so far", (t) => {
  const room = new WaitingRoom(1000);
  t.is(room.retryAfterSeconds, 1);
  room.enter("a", 40);
  for (let i = 0; i < 5; i += 1) room.noteEnd(i * 500);
  t.is(room.retryAfterSeconds, 10);
  room.enter("b", 900);
  t.is(room.retryAfterSeconds, 60, "at most a minute");
});
