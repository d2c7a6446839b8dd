/** How a number of the JSON is written in the page; the same in tables, charts and the inspector. */

export type NumberFormat = "percent" | "share" | "points" | "fixed3" | "fixed1" | "pValue" | "count" | "general";

/** For what has no value. */
export const noValue = "–";

const minus = (text: string) => text.replace(/^-/, "−");

/** What is rounded to nothing has no sign: adding 0 takes it off. */
const fixed = (value: number, decimals: number) => (Number(value.toFixed(decimals)) + 0).toFixed(decimals);

const formats: Record<NumberFormat, (value: number) => string> = {
  /** 0.3125 -> 31.3 %. */
  percent: (value) => `${(100 * value).toFixed(1)} %`,
  /** Without a sign: on an axis that goes both ways. Whole percents, unless they are few. */
  share: (value) => `${Number((100 * Math.abs(value)).toFixed(1))} %`,
  /** A difference of two shares, in percentage points, with its sign. */
  points: (value) => {
    const text = fixed(100 * value, 1);
    return Number(text) > 0 ? `+${text}` : text;
  },
  fixed3: (value) => fixed(value, 3),
  fixed1: (value) => fixed(value, 1),
  pValue: (value) => (value < 0.001 ? "< 0.001" : value.toFixed(3)),
  count: (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ","),
  /** Four significant digits, with an exponent only where it is shorter to read. */
  general: (value) => {
    const size = Math.abs(value);
    if (value === 0 || (size >= 1e-4 && size < 1e6)) return String(Number(value.toPrecision(4)));
    return value
      .toExponential(2)
      .replace(/\.?0*e/, "e")
      .replace("e+", "e");
  },
};

export function formatNumber(value: number | null | undefined, format: NumberFormat): string {
  return value === null || value === undefined ? noValue : minus(formats[format](value));
}
