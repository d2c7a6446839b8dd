/**
 * The colour of a label or a score: orange for 0, grey in the middle, blue for 1. Orange and blue stay apart for every common
 * kind of colour blindness, and lightness rises from both ends to the middle, so a middle value is no faint end.
 */
type Rgb = readonly [number, number, number];

const stops: readonly { at: number; colour: Rgb }[] = [
  { at: 0, colour: [184, 72, 0] },
  { at: 0.25, colour: [240, 152, 86] },
  { at: 0.5, colour: [228, 226, 222] },
  { at: 0.75, colour: [112, 174, 226] },
  { at: 1, colour: [0, 84, 158] },
];

/** `value` in [0, 1]; others are taken for the nearer end. */
export function scaleColour(value: number): Rgb {
  const v = Math.min(1, Math.max(0, value));
  const i = Math.min(stops.length - 2, Math.floor(v * (stops.length - 1)));
  const [from, to] = [stops[i], stops[i + 1]] as [(typeof stops)[number], (typeof stops)[number]];
  const share = (v - from.at) / (to.at - from.at);
  const mix = (k: 0 | 1 | 2) => Math.round(from.colour[k] + share * (to.colour[k] - from.colour[k]));
  return [mix(0), mix(1), mix(2)];
}

/** WCAG's relative luminance. */
export function luminance([r, g, b]: Rgb): number {
  const linear = (value: number) => (value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** WCAG's contrast, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

export const cssColour = ([r, g, b]: Rgb) => `rgb(${r}, ${g}, ${b})`;

/** Background and the ink that is read best on it. */
export function scaleStyle(value: number): { background: string; ink: string } {
  const background = scaleColour(value);
  // Of black and white, one always reaches 4.5; a softer black would not.
  const dark: Rgb = [0, 0, 0];
  const light: Rgb = [255, 255, 255];
  return {
    background: cssColour(background),
    ink: cssColour(contrast(background, dark) >= contrast(background, light) ? dark : light),
  };
}
