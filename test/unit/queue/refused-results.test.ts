import test from "ava";
import { RefusedResults } from "../../../src/queue/refused-results.js";

test("attempts are counted by unit, and one that is read again counts once", (t) => {
  const refused = new RefusedResults();
  t.is(refused.add(3, "a"), 1);
  t.is(refused.add(3, "a"), 1);
  t.is(refused.add(4, "a"), 1);
  t.is(refused.add(3, "b"), 2);
});
