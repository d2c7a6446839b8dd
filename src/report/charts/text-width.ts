/** How wide a number is in a picture, before any browser has drawn it. */

/** Pixels at 12 px, of the widest of the fonts that the page may find; others leave a little room. */
const widths: Record<string, number> = { ".": 3.9, ",": 3.9, " ": 3.9, "%": 11.4, "−": 10.1 };
const digitWidth = 7.7;

/** Of a tick's text. */
export function textWidth(text: string): number {
  return [...text].reduce((sum, character) => sum + (widths[character] ?? digitWidth), 0);
}
