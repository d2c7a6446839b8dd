import test from "ava";
import { contrast, luminance, scaleColour, scaleStyle } from "../../../src/report/colour-scale.js";

const tenths = Array.from({ length: 101 }, (_, i) => i / 100);
const rgb = (css: string) => css.match(/\d+/g)?.map(Number) as unknown as readonly [number, number, number];

test("the number on a colour is readable at every value", (t) => {
  for (const value of tenths) {
    const { background, ink } = scaleStyle(value);
    t.true(contrast(rgb(background), rgb(ink)) >= 4.5, `${value}: ${background} ${ink}`);
  }
});

test("lightness rises to the middle from both ends, so that a middle value looks like neither end", (t) => {
  const light = tenths.map((value) => luminance(scaleColour(value)));
  for (let i = 1; i <= 50; i += 1) t.true((light[i] as number) >= (light[i - 1] as number), `${i}`);
  for (let i = 51; i <= 100; i += 1) t.true((light[i] as number) <= (light[i - 1] as number), `${i}`);
});

/** What a person without red or without green cones sees (Vienot, Brettel, Mollon 1999), in linear light. */
const deficiencies: Record<string, readonly (readonly number[])[]> = {
  protan: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};

test("low and high values stay apart without red or without green cones", (t) => {
  const linear = (v: number) => (v / 255) ** 2.2;
  for (const [name, matrix] of Object.entries(deficiencies)) {
    const seen = (value: number) => {
      const light = scaleColour(value).map(linear);
      return matrix.map(
        (row) =>
          Math.max(
            0,
            row.reduce((sum, weight, k) => sum + weight * (light[k] as number), 0),
          ) **
          (1 / 2.2),
      );
    };
    for (const distance of [0, 0.1, 0.2, 0.25]) {
      const [low, high] = [seen(distance), seen(1 - distance)];
      const apart = Math.hypot(...low.map((v, k) => v - (high[k] as number)));
      t.true(apart > 0.25, `${name} ${distance}: ${apart}`);
    }
  }
});

test("values beyond 0 and 1 have the colours of the ends", (t) => {
  t.deepEqual(scaleColour(-1), scaleColour(0));
  t.deepEqual(scaleColour(2), scaleColour(1));
});
