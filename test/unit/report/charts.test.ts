import test from "ava";
import { smallBox, wideBox } from "../../../src/report/charts/frame.js";
import { histogramChart } from "../../../src/report/charts/histogram-chart.js";
import { type LineSeries, lineChart } from "../../../src/report/charts/line-chart.js";
import { reliabilityChart } from "../../../src/report/charts/reliability-chart.js";
import { textWidth } from "../../../src/report/charts/text-width.js";

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

/** Left ends of the numbers of the y axis, by the estimate of their widths. */
const tickStarts = (svg: string) =>
  [...svg.matchAll(/<text x="([\d.]+)" y="[\d.]+" text-anchor="end">([^<]*)</g)].map(
    ([, x, text]) => Number(x) - textWidth(text as string),
  );

test("the longer the numbers of the y axis, the more room they have: none reaches the axis name", (t) => {
  for (const [format, size] of [
    ["general", 0.0004],
    ["general", -0.0004],
    ["general", 123456],
    ["share", 1],
    ["count", 2_000_000],
  ] as const) {
    const svg = lineChart({
      label: "a chart",
      box: smallBox,
      x: { name: "round", format: "general" },
      y: { name: "nats a token", format },
      series: [{ name: "a", colour: 0, points: [0, 1].map((x) => ({ x, y: size * (1 - x) })) }],
    }).text;
    const starts = tickStarts(svg);
    t.true(starts.length > 2);
    // The name is turned: its baseline is at 13, what hangs below it ends at 17.
    for (const start of starts) t.true(start >= 18, `${format} ${size}: ${start}`);
    const axis = Number(/<line x1="([\d.]+)"/.exec(svg)?.[1]);
    t.is(circles(svg)[0]?.[0], axis, "the points begin where the axis does");
  }
});

test("a reliability diagram has the band of its success rates, and none where an evaluation knows none", (t) => {
  const bins = [0, 1].map((i) => ({
    low: i / 2,
    high: (i + 1) / 2,
    n: 3,
    meanScore: 0.2 + i / 2,
    meanSuccessRate: 0.3,
  }));
  t.notRegex(reliabilityChart("prm", bins).text, /class="band/);
  const meanSuccessRateInterval = { low: 0.25, high: 0.75 };
  const { text } = reliabilityChart(
    "prm",
    bins.map((bin) => ({ ...bin, meanSuccessRateInterval })),
  );
  const [, band = ""] = /class="band c0" d="M([^"]*)z"/.exec(text) ?? [];
  const heights = band.split("L").map((point) => Number(point.split(" ")[1]));
  const [first, second, third, fourth] = heights as [number, number, number, number];
  t.deepEqual([first, third], [second, fourth]);
  t.true(third > first, "the lower bound lies below");
  const place = (share: number) => 12 + (1 - share) * (380 - 42 - 64 - 12);
  t.true(Math.abs(first - place(0.75)) < 0.1 && Math.abs(third - place(0.25)) < 0.1);
  t.regex(text, /success rate 0\.300 \(0\.250 to 0\.750\)/);
});

test("a value that nothing was measured for has no interval in its tip", (t) => {
  const svg = draw({
    name: "a",
    colour: 0,
    points: [
      { x: 1, y: 0, low: 0, high: 0, isKnown: true },
      { x: 2, y: 0.5, low: 0.4, high: 0.6 },
    ],
  });
  const tips = [...svg.matchAll(/data-tip="([^"]*)"/g)].map(([, tip]) => tip);
  t.deepEqual(tips, ["a, N 1: 0 %", "a, N 2: 50 % (40 % to 60 %)"]);
});
