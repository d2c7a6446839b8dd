/** A distribution as bars: right solutions above the line, wrong ones below it, so that neither hides the other. */
import type { Histogram } from "../histogram.js";
import { formatNumber } from "../number-format.js";
import { html, type Markup, trusted } from "../page/markup.js";
import { type Box, chart, horizontal, px, vertical, withRoomFor } from "./frame.js";
import { linearScale, type Scale } from "./scale.js";

const groups = [
  { name: "right", side: 1 },
  { name: "wrong", side: -1 },
  { name: "unknown", side: 1 },
] as const;

/** Shares of all values, so that pictures of different sizes compare. */
export function histogramChart(histogram: Histogram, name: string, size: Box): Markup {
  const { edges, n } = histogram;
  const shares = groups.map(({ name, side }) => histogram[name].map((count) => (side * count) / n));
  const y = linearScale([0, ...shares.flat()], vertical(size));
  const box = withRoomFor(size, { scale: y, format: "share" });
  const first = edges[0] as number;
  const last = edges[edges.length - 1] as number;
  const span = horizontal(box);
  const x: Scale = {
    ...linearScale([first, last], span, [first, last]),
    place: (value) => span.from + ((value - first) / (last - first)) * (span.to - span.from),
  };
  const bars = groups.map(({ name: group }, g) =>
    (shares[g] as number[]).map((share, i) => {
      if (share === 0) return trusted("");
      const [low, high] = [edges[i] as number, edges[i + 1] as number];
      const [left, right] = [x.place(low), x.place(high)];
      const [top, bottom] = [y.place(Math.max(0, share)), y.place(Math.min(0, share))];
      const count = histogram[group][i] as number;
      const who = group === "unknown" ? "of unknown outcome" : `of ${group} solutions`;
      const tip = `${formatNumber(low, "general")} to ${formatNumber(high, "general")}: ${formatNumber(count, "count")} ${who}`;
      return html`<rect class="bar ${group}" x="${px(left + 0.5)}" y="${px(top)}" width="${px(right - left - 1)}" height="${px(bottom - top)}" data-tip="${tip}"/>`;
    }),
  );
  const zero = px(y.place(0));
  const meanAt = px(x.place(histogram.mean));
  const content = html`${bars}<line class="zero" x1="${box.left}" x2="${box.width - box.right}" y1="${zero}" y2="${zero}"/>
<path class="mean" d="M${meanAt} ${box.top}V${box.height - box.bottom}"/>`;
  const label = `Distribution of ${name}: ${formatNumber(n, "count")} values, mean ${formatNumber(histogram.mean, "fixed3")}`;
  return chart(
    box,
    label,
    { scale: x, name, format: "general" },
    { scale: y, name: "wrong ←  share  → right", format: "share" },
    content,
  );
}
