import test from "ava";
import { normalDeviation } from "../../../src/statistics/normal-quantile.js";

test("deviations are those of published tables", (t) => {
  // R: qnorm((1 + level) / 2)
  const published: [level: number, deviation: number][] = [
    [0.01, 0.0125334695],
    [0.5, 0.6744897502],
    [0.9, 1.644853627],
    [0.95, 1.9599639845],
    [0.99, 2.5758293035],
    [0.9999, 3.8905918864],
  ];
  for (const [level, deviation] of published) t.true(Math.abs(normalDeviation(level) - deviation) < 1e-9, `${level}`);
});
