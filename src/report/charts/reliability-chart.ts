/** Step scores against success rates, bin by bin, with the intervals of the rates, and below how many prefixes each bin has over which scores. */
import type { Bounds, ReliabilityBin } from "../../evaluation/evaluation.js";
import { formatNumber } from "../number-format.js";
import { html, type Markup } from "../page/markup.js";
import { type Box, chart, horizontal, px, withRoomFor } from "./frame.js";
import { linearScale, type Scale } from "./scale.js";

const size: Box = { width: 400, height: 380, left: 58, right: 12, top: 12, bottom: 42 };
const countsHeight = 64;

const between = (bounds: Bounds | undefined) => {
  if (typeof bounds?.low !== "number" || typeof bounds.high !== "number") return "";
  return ` (${formatNumber(bounds.low, "fixed3")} to ${formatNumber(bounds.high, "fixed3")})`;
};

function tipOf({ low, high, n, meanScore, meanSuccessRate, ...intervals }: ReliabilityBin): string {
  const [from, to, score, rate] = [low, high, meanScore, meanSuccessRate].map((value) => formatNumber(value, "fixed3"));
  const means = `mean score ${score}${between(intervals.meanScoreInterval)}, success rate ${rate}${between(intervals.meanSuccessRateInterval)}`;
  return `${formatNumber(n, "count")} prefixes with scores ${from} to ${to}: ${means}`;
}

/** The intervals of the bins' success rates; nothing for an evaluation that knows none. */
function rateBand(bins: readonly ReliabilityBin[], x: Scale, y: Scale): Markup | undefined {
  const edge = (side: "low" | "high") =>
    bins.flatMap(({ meanScore, meanSuccessRateInterval }) => {
      const bound = meanSuccessRateInterval?.[side];
      return typeof bound === "number" ? [`${px(x.place(meanScore))} ${px(y.place(bound))}`] : [];
    });
  const [lower, upper] = [edge("low"), edge("high")];
  if (lower.length !== bins.length || upper.length !== bins.length || bins.length < 2) return undefined;
  return html`<path class="band c0" d="M${[...upper, ...lower.reverse()].join("L")}z"/>`;
}

export function reliabilityChart(model: string, bins: readonly ReliabilityBin[]): Markup {
  const scores = bins.flatMap(({ low, high }) => [low, high]);
  const isNarrow = Math.max(...scores) - Math.min(...scores) < 0.4;
  const floor = size.height - size.bottom - countsHeight;
  const y = linearScale([0, 1], { from: floor, to: size.top }, [0, 1]);
  const box = withRoomFor(size, { scale: y, format: "share" });
  // Scores that lie close together would be one blot on the whole range.
  const x = linearScale(isNarrow ? scores : [0, 1], horizontal(box), [0, 1]);
  const most = Math.max(...bins.map(({ n }) => n));
  const [from, to] = [Math.max(x.low, 0), Math.min(x.high, 1)];
  const at = ({ meanScore, meanSuccessRate }: ReliabilityBin) =>
    `${px(x.place(meanScore))} ${px(y.place(meanSuccessRate))}`;
  const base = box.height - box.bottom;
  const content = html`${rateBand(bins, x, y)}<path class="ideal" d="M${px(x.place(from))} ${px(y.place(from))}L${px(x.place(to))} ${px(y.place(to))}"/>
<path class="line c0" d="M${bins.map(at).join("L")}"/>
${bins.map((bin) => {
  const gap = html`<path class="gap c1" d="M${at(bin)}V${px(y.place(bin.meanScore))}"/>`;
  return html`${gap}<circle class="marker c0" cx="${px(x.place(bin.meanScore))}" cy="${px(y.place(bin.meanSuccessRate))}" r="4.5" data-tip="${tipOf(bin)}"/>`;
})}
${bins.map((bin) => {
  const height = (bin.n / most) * (countsHeight - 24);
  const left = x.place(bin.low);
  const width = Math.max(2, x.place(bin.high) - left - 1);
  const text =
    width > 24 &&
    html`<text class="count" x="${px(left + width / 2)}" y="${px(base - height - 4)}" text-anchor="middle">${formatNumber(bin.n, "count")}</text>`;
  return html`<rect class="bar plain" x="${px(left)}" y="${px(base - height)}" width="${px(width)}" height="${px(height)}" data-tip="${tipOf(bin)}"/>${text}`;
})}`;
  return chart(
    box,
    `Reliability of ${model}: success rate against step score in ${bins.length} bins`,
    { scale: x, name: "step score", format: "general" },
    { scale: y, name: "success rate of completions", format: "share" },
    content,
  );
}
