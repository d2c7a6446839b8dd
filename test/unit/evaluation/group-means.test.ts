import test from "ava";
import { boundsOf, groupMeans } from "../../../src/evaluation/group-means.js";
import { bootstrap } from "../../../src/statistics/bootstrap.js";

test("a group's mean is over its values, its interval that of the ratio of sums over drawn problems", async (t) => {
  const group = { values: [1, 3, 5, 7, 2], problems: [0, 0, 1, 2, 2], isShare: false };
  const options = { seed: 4, numResamples: 300 };
  const [found] = await groupMeans([group], 4, options);
  t.is(found?.value, 18 / 5);
  const [sums, counts] = [
    [4, 5, 9, 0],
    [2, 1, 2, 0],
  ];
  const over = (times: Float64Array, all: number[]) => all.reduce((sum, one, i) => sum + one * (times[i] as number), 0);
  const [expected] = await bootstrap(4, (times) => [over(times, sums) / over(times, counts)], options);
  t.deepEqual(found, expected);
});

test("shares are widened near 0 and 1, other values are not, and values of one problem have no bounds", async (t) => {
  const all = { values: [1, 1, 1], problems: [0, 1, 2] };
  const options = { seed: 0, numResamples: 50 };
  const [share, value, one] = await groupMeans(
    [
      { ...all, isShare: true },
      { ...all, isShare: false },
      { values: [0.5, 1], problems: [1, 1], isShare: true },
    ],
    3,
    options,
  );
  t.true((share?.low as number) < 0.5 && share?.high === 1);
  t.deepEqual(value, { value: 1, low: 1, high: 1 });
  t.deepEqual(one, { value: 0.75, low: null, high: null });
  t.deepEqual(boundsOf(undefined), { low: null, high: null });
});
