/** From values to places in a picture, and the ticks beside them. */

export interface Scale {
  low: number;
  high: number;
  ticks: readonly number[];
  /** Value -> place, in the units of the picture. */
  place(value: number): number;
}

export interface Span {
  from: number;
  to: number;
}

/** Through a short decimal, so that 3 * 0.1 is 0.3. */
const decimal = (value: number) => Number(value.toPrecision(12));

/** Round numbers from `low` to `high`, about `wanted` of them. */
export function niceTicks(low: number, high: number, wanted = 5): number[] {
  const spread = high - low;
  const rough = spread / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = ([1, 2, 5, 10].find((one) => one * power >= rough * 0.999) as number) * power;
  const first = Math.ceil(low / size - 1e-9);
  const last = Math.floor(high / size + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => decimal((first + i) * size));
}

/** Widened to ticks at both ends; a range of one value is given some room. */
export function linearScale(values: readonly number[], { from, to }: Span, within?: readonly [number, number]): Scale {
  const finite = values.filter(Number.isFinite);
  let low = Math.min(...finite);
  let high = Math.max(...finite);
  if (finite.length === 0) [low, high] = within ?? [0, 1];
  if (high - low < 1e-12) [low, high] = [low - Math.abs(low) * 0.1 - 0.01, high + Math.abs(high) * 0.1 + 0.01];
  const [first, second] = niceTicks(low, high) as [number, number];
  const step = second - first;
  low = decimal(Math.floor(low / step + 1e-9) * step);
  high = decimal(Math.ceil(high / step - 1e-9) * step);
  if (within && within[1] > within[0]) [low, high] = [Math.max(low, within[0]), Math.min(high, within[1])];
  return {
    low,
    high,
    ticks: niceTicks(low, high),
    place: (value) => from + ((value - low) / (high - low)) * (to - from),
  };
}

/** By powers of two, with a tick at each value. */
export function doublingScale(values: readonly number[], { from, to }: Span): Scale {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const low = ticks[0] ?? 1;
  const high = ticks[ticks.length - 1] ?? 1;
  const spread = Math.log2(high / low);
  const place = (value: number) =>
    spread === 0 ? (from + to) / 2 : from + (Math.log2(value / low) / spread) * (to - from);
  return { low, high, ticks, place };
}
