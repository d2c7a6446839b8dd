/** The frame of a chart: axes with ticks, grid, names of the axes. Colours are the page's, by class. */
import { formatNumber, type NumberFormat } from "../number-format.js";
import { type Fragment, html, type Markup } from "../page/markup.js";
import type { Scale } from "./scale.js";
import { textWidth } from "./text-width.js";

export interface Box {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export const wideBox: Box = { width: 720, height: 340, left: 62, right: 16, top: 14, bottom: 46 };
export const smallBox: Box = { width: 400, height: 240, left: 56, right: 12, top: 12, bottom: 42 };

export const horizontal = ({ width, left, right }: Box) => ({ from: left, to: width - right });
/** Upwards. */
export const vertical = ({ height, top, bottom }: Box) => ({ from: height - bottom, to: top });

export interface Axis {
  scale: Scale;
  name: string;
  format: NumberFormat;
}

/** Between the numbers of the ticks and the axis, and from the left edge to the numbers: the axis name, turned, and some air. */
const tickGap = 8;
const nameRoom = 21;

/** The box with so much room on the left that the longest number of the y axis does not run into its name. */
export function withRoomFor(box: Box, y: Pick<Axis, "scale" | "format">): Box {
  const longest = Math.max(0, ...y.scale.ticks.map((tick) => textWidth(formatNumber(tick, y.format))));
  return { ...box, left: Math.max(box.left, Math.ceil(nameRoom + longest + tickGap)) };
}

/** Tenths of a pixel are enough. */
export const px = (value: number) => Number(value.toFixed(1));

/**
 * `label` says to those who do not see the picture what it shows; its numbers stand in a table beside it.
 * @param box with room for the numbers (`withRoomFor`), which the scales were made for
 */
export function chart(box: Box, label: string, x: Axis, y: Axis, content: Fragment): Markup {
  const { width, height, left, right, top, bottom } = box;
  const floor = height - bottom;
  const shown = ticksWithRoom(x);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<g class="grid" aria-hidden="true">${y.scale.ticks.map((tick) => {
    const at = px(y.scale.place(tick));
    return html`<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/>`;
  })}</g>
<g class="ticks" aria-hidden="true">${y.scale.ticks.map(
    (tick) =>
      html`<text x="${left - tickGap}" y="${px(y.scale.place(tick) + 4)}" text-anchor="end">${formatNumber(tick, y.format)}</text>`,
  )}${x.scale.ticks.map((tick) => {
    const at = px(x.scale.place(tick));
    const text =
      shown.has(tick) &&
      html`<text x="${at}" y="${floor + 18}" text-anchor="middle">${formatNumber(tick, x.format)}</text>`;
    return html`<line x1="${at}" x2="${at}" y1="${floor}" y2="${floor + 4}"/>${text}`;
  })}<line x1="${left}" x2="${width - right}" y1="${floor}" y2="${floor}"/>
<text class="axis" x="${px((left + width - right) / 2)}" y="${height - 6}" text-anchor="middle">${x.name}</text>
<text class="axis" x="13" y="${px((top + floor) / 2)}" text-anchor="middle" transform="rotate(-90 13 ${px((top + floor) / 2)})">${y.name}</text></g>
${content}</svg>`;
}

/** Ticks whose numbers do not run into each other. */
function ticksWithRoom({ scale, format }: Axis): Set<number> {
  const shown = new Set<number>();
  let free = Number.NEGATIVE_INFINITY;
  for (const tick of scale.ticks) {
    const half = textWidth(formatNumber(tick, format)) / 2 + 3;
    const at = scale.place(tick);
    if (at - half < free) continue;
    shown.add(tick);
    free = at + half;
  }
  return shown;
}
