/** Lines with markers and bands, told apart by colour, dash and marker; a legend switches them on and off (client/legend.ts). */
import { formatNumber, type NumberFormat } from "../number-format.js";
import { type Fragment, html, type Markup, trusted } from "../page/markup.js";
import { type Axis, type Box, chart, horizontal, px, vertical, withRoomFor } from "./frame.js";
import { doublingScale, linearScale, type Scale } from "./scale.js";

export interface LinePoint {
  x: number;
  y: number | null;
  low?: number | null;
  high?: number | null;
  /** Shown beside the number when the pointer is on the point. */
  detail?: string;
  /** The value follows from what it is, nothing was measured: the band begins or ends in it, and no interval is told. */
  isKnown?: boolean;
}

export interface LineSeries {
  name: string;
  points: readonly LinePoint[];
  /** Number of the colour, from 0; `plain`: ink. */
  colour: number | "plain";
  /** Number of the dash, from 0: none. */
  dash?: number;
  /** Thin and without markers: for many points. */
  isFine?: boolean;
  /** Off until the reader switches it on. */
  isOff?: boolean;
}

export interface LineChart {
  label: string;
  box: Box;
  x: { name: string; format: NumberFormat; doubling?: boolean; whole?: boolean };
  y: { name: string; format: NumberFormat; within?: readonly [number, number] };
  series: readonly LineSeries[];
}

const markers = ["circle", "square", "triangle", "diamond", "cross"] as const;
const dashes = ["", "7 4", "2 4", "10 4 2 4", "5 2"];

/** The classes and the dash of a series, for the chart and its legend. */
function strokeOf({ colour, dash = 0, isFine }: LineSeries): Markup {
  const name = colour === "plain" ? "ink" : `c${colour % 8}`;
  return html`class="line ${name}${isFine ? " fine" : ""}" stroke-dasharray="${dashes[dash % dashes.length] || "none"}"`;
}

function marker(series: LineSeries, x: number, y: number, tip?: string): Markup {
  const { colour, dash = 0 } = series;
  const shape = markers[((colour === "plain" ? 0 : colour) + dash) % markers.length];
  const [cx, cy] = [px(x), px(y)];
  const name = colour === "plain" ? "ink" : `c${colour % 8}`;
  const data = tip === undefined ? html`` : html` data-tip="${tip}"`;
  const path = (d: string) => html`<path class="marker ${name}" d="${d}"${data}/>`;
  switch (shape) {
    case "square":
      return path(`M${px(cx - 3.5)} ${px(cy - 3.5)}h7v7h-7z`);
    case "triangle":
      return path(`M${cx} ${px(cy - 4.6)}l4.4 7.8h-8.8z`);
    case "diamond":
      return path(`M${cx} ${px(cy - 5)}l5 5-5 5-5-5z`);
    case "cross":
      return path(`M${px(cx - 4)} ${px(cy - 1.5)}h2.5v-2.5h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5z`);
    default:
      return html`<circle class="marker ${name}" cx="${cx}" cy="${cy}" r="4"${data}/>`;
  }
}

interface Place {
  x: Scale;
  y: Scale;
}

/** Runs of points that have a value; a gap ends a line. */
function pieces(points: readonly LinePoint[], has: (point: LinePoint) => boolean): LinePoint[][] {
  const result: LinePoint[][] = [[]];
  for (const point of points) {
    if (has(point)) result[result.length - 1]?.push(point);
    else result.push([]);
  }
  return result.filter((piece) => piece.length > 0);
}

function band(series: LineSeries, { x, y }: Place): Fragment {
  const bounded = pieces(series.points, ({ low, high }) => typeof low === "number" && typeof high === "number");
  const name = series.colour === "plain" ? "ink" : `c${series.colour % 8}`;
  return bounded.map((piece) => {
    const at = (point: LinePoint, value: number) => `${px(x.place(point.x))} ${px(y.place(value))}`;
    const upper = piece.map((point) => at(point, point.high as number));
    const lower = piece.map((point) => at(point, point.low as number)).reverse();
    return html`<path class="band ${name}" d="M${[...upper, ...lower].join("L")}z"/>`;
  });
}

function tipOf(series: LineSeries, point: LinePoint, chartOf: LineChart): string {
  const { x, y } = chartOf;
  const interval =
    !point.isKnown && typeof point.low === "number" && typeof point.high === "number"
      ? ` (${formatNumber(point.low, y.format)} to ${formatNumber(point.high, y.format)})`
      : "";
  const detail = point.detail ? `, ${point.detail}` : "";
  return `${series.name}, ${x.name} ${formatNumber(point.x, x.format)}: ${formatNumber(point.y, y.format)}${interval}${detail}`;
}

function lines(series: LineSeries, place: Place, chartOf: LineChart): Fragment {
  return pieces(series.points, ({ y }) => y !== null).map((piece) => {
    const at = (point: LinePoint) => `${px(place.x.place(point.x))} ${px(place.y.place(point.y as number))}`;
    const path = piece.length > 1 && html`<path ${strokeOf(series)} d="M${piece.map(at).join("L")}"/>`;
    if (series.isFine) return path;
    const marks = piece.map((point) =>
      marker(series, place.x.place(point.x), place.y.place(point.y as number), tipOf(series, point, chartOf)),
    );
    return html`${path}${marks}`;
  });
}

function legend(series: readonly LineSeries[]): Markup {
  return html`<div class="legend" role="group" aria-label="Lines of the chart">${series.map(
    (one, i) => html`<button type="button" data-series="${i}" aria-pressed="${one.isOff ? "false" : "true"}">
<svg viewBox="0 0 34 14" width="34" height="14" aria-hidden="true"><path ${strokeOf(one)} d="M1 7H33"/>${!one.isFine && marker(one, 17, 7)}</svg>
<span>${one.name}</span></button>`,
  )}</div>`;
}

/** The chart with its legend; nothing where no series has a value. */
export function lineChart(chartOf: LineChart): Markup {
  const { label, series } = chartOf;
  const points = series.flatMap((one) => one.points);
  if (!points.some(({ y }) => y !== null)) return trusted("");
  const xs = points.map(({ x }) => x);
  const ys = points
    .flatMap(({ y, low, high }) => [y, low, high])
    .filter((value): value is number => typeof value === "number");
  const y = linearScale(ys, vertical(chartOf.box), chartOf.y.within);
  const box = withRoomFor(chartOf.box, { scale: y, format: chartOf.y.format });
  const x = chartOf.x.doubling
    ? doublingScale(xs, horizontal(box))
    : linearScale(xs, horizontal(box), [Math.min(...xs), Math.max(...xs)]);
  // There is no round between two rounds.
  const shown = chartOf.x.whole ? { ...x, ticks: x.ticks.filter(Number.isInteger) } : x;
  const axes: [Axis, Axis] = [
    { scale: shown, name: chartOf.x.name, format: chartOf.x.format },
    { scale: y, name: chartOf.y.name, format: chartOf.y.format },
  ];
  const place = { x, y };
  const hidden = (one: LineSeries) => (one.isOff ? trusted(' class="off"') : trusted(""));
  // All bands lie below all lines.
  const content = html`<g class="bands">${series.map((one, i) => html`<g data-series="${i}"${hidden(one)}>${band(one, place)}</g>`)}</g>
<g>${series.map((one, i) => html`<g data-series="${i}"${hidden(one)}>${lines(one, place, chartOf)}</g>`)}</g>`;
  return html`<figure class="lines">${chart(box, label, ...axes, content)}${series.length > 1 && legend(series)}</figure>`;
}
