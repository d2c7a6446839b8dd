import test from "ava";
import { smallBox, wideBox } from "../../../src/report/charts/frame.js";
import { histogramChart } from "../../../src/report/charts/histogram-chart.js";
import { type LineSeries, lineChart } from "../../../src/report/charts/line-chart.js";
import { reliabilityChart } from "../../../src/report/charts/reliability-chart.js";

const x = { name: "N", format: "general", doubling: true } as const;
const y = { name: "accuracy", format: "share", within: [0, 1] } as const;
const draw = (...series: LineSeries[]) => lineChart({ label: "a chart", box: wideBox, x, y, series }).text;

/** Places of the circles. */
const circles = (svg: string) =>
  [...svg.matchAll(/<circle class="marker[^>]* cx="([\d.]+)" cy="([\d.]+)" r="4" data-tip/g)].map(([, cx, cy]) => [
    Number(cx),
    Number(cy),
  ]);

test("points stand where their numbers are on the axes", (t) => {
  const points = [0.2, 0.4, 0.6].map((value, i) => ({ x: 2 ** i, y: value }));
  const svg = draw({ name: "a", colour: 0, points });
  const { left, right, top, bottom, width, height } = wideBox;
  t.deepEqual(circles(svg), [
    [left, height - bottom],
    [(left + width - right) / 2, (top + height - bottom) / 2],
    [width - right, top],
  ]);
});

test("a point without a value ends the line, and leaves no mark", (t) => {
  const points = [0.2, 0.3, null, 0.4, 0.5].map((value, i) => ({ x: 2 ** i, y: value }));
  const svg = draw({ name: "a", colour: 0, points });
  t.is(circles(svg).length, 4);
  const paths = [...svg.matchAll(/<path class="line[^>]*d="(M[^"]*)"/g)].map(([, d]) => d);
  t.is(paths.length, 2);
  t.notRegex(svg, /NaN|Infinity|undefined/);
});

test("bands need both bounds; nothing is drawn where nothing has a value", (t) => {
  const bounded = draw({
    name: "a",
    colour: 0,
    points: [
      { x: 1, y: 0.5, low: 0.4, high: 0.6 },
      { x: 2, y: 0.5, low: 0.4, high: 0.6 },
    ],
  });
  t.is(bounded.split('class="band ').length, 2);
  const open = draw({ name: "a", colour: 0, points: [{ x: 1, y: 0.5, low: null, high: 0.6 }] });
  t.is(open.split('class="band ').length, 1);
  t.is(draw({ name: "a", colour: 0, points: [{ x: 1, y: null }] }), "");
});

test("no two of the first eight series look alike without their colours", (t) => {
  const looks = Array.from({ length: 8 }, (_, colour) => {
    const svg = draw({
      name: "a",
      colour,
      dash: colour % 4,
      points: [
        { x: 1, y: 0.5 },
        { x: 2, y: 0.5 },
      ],
    });
    const dash = /stroke-dasharray="([^"]*)"/.exec(svg)?.[1];
    const mark = /class="marker[^>]*? (r="4"|d="[^"]*")/.exec(svg)?.[1]?.replace(/^(d="M)[\d. ]+/, "$1");
    return `${dash} ${mark}`;
  });
  t.is(new Set(looks).size, 8, looks.join("\n"));
});

test("names of models are text in every picture", (t) => {
  const name = `<img src=x onerror="1">`;
  const bin = { low: 0, high: 0.5, n: 3, meanScore: 0.2, meanSuccessRate: 0.3 };
  const histogram = { edges: [0, 0.5, 1], right: [1, 2], wrong: [0, 1], unknown: [0, 0], n: 4, mean: 0.5 };
  const series = [0, 1].map((colour) => ({ name, colour, points: [{ x: 1, y: 0.5 }] }));
  for (const svg of [
    draw(...series),
    reliabilityChart(name, [bin]).text,
    histogramChart(histogram, name, smallBox).text,
  ]) {
    t.notRegex(svg, /<img/);
    t.regex(svg, /&lt;img/);
  }
});

test("bars are as high as the shares of their bins, right ones up and wrong ones down", (t) => {
  const histogram = { edges: [0, 0.5, 1], right: [1, 2], wrong: [0, 1], unknown: [0, 0], n: 4, mean: 0.5 };
  const { text } = histogramChart(histogram, "soft", smallBox);
  const bars = [...text.matchAll(/class="bar (\w+)"[^>]* y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g)];
  const [first, second, third] = bars.map(([, name, y, height]) => ({ name, y: Number(y), height: Number(height) }));
  t.is(bars.length, 3);
  t.true(Math.abs((second?.height as number) - 2 * (first?.height as number)) < 0.11);
  t.is(third?.name, "wrong");
  t.true(Math.abs((third?.y as number) - ((first?.y as number) + (first?.height as number))) < 0.11);
});
