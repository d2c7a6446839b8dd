/**
 * Lengths of real problems: of 64 problems of GSM8K, every 113th of its training split, in tokens of SmolLM2. A row is the
 * prompt with its chat template, then where each step of the reference solution ends, counted from the prompt's end.
 */
const realLengths: readonly (readonly number[])[] = [
  [87, 18, 40],
  [100, 16, 36, 56, 87],
  [93, 21, 44, 65, 83, 106, 127],
  [93, 12, 26],
  [87, 14, 28, 45, 59],
  [104, 11, 17, 34, 52, 64, 72, 78, 88],
  [110, 26, 67],
  [101, 36, 72, 106],
  [112, 38, 70, 99],
  [92, 15, 30],
  [166, 23, 52, 83, 106, 139],
  [77, 24, 51],
  [100, 27, 47, 74],
  [91, 18, 36],
  [106, 27, 79, 115],
  [119, 23, 47],
  [130, 34, 69, 117],
  [104, 18, 38, 54, 75],
  [137, 35, 66, 96, 127],
  [118, 19, 53, 80, 110, 127, 146],
  [84, 10, 29, 48, 63, 81],
  [78, 24, 48],
  [106, 17, 38, 58, 78, 100],
  [110, 20, 58, 88, 109],
  [103, 30, 58],
  [87, 42, 81],
  [116, 23, 44, 68],
  [112, 19, 39, 58, 80],
  [92, 23, 46],
  [120, 20, 53, 71, 100],
  [136, 33, 60, 94, 125, 161, 198, 232],
  [110, 17, 37, 50],
  [103, 32, 64],
  [117, 28, 55, 76, 102],
  [105, 34, 59, 82, 106, 127],
  [116, 25, 56, 87],
  [121, 27, 62],
  [99, 18, 37, 57, 84, 106],
  [114, 30, 65, 99, 125],
  [123, 24, 47, 73, 106, 129, 157],
  [90, 19, 36, 62],
  [145, 14, 38, 72, 90, 108],
  [115, 21, 44, 65],
  [107, 21, 42],
  [111, 15, 33, 51, 69],
  [104, 28, 62, 86],
  [137, 15, 31, 46, 68],
  [97, 11, 26, 42],
  [95, 18, 36],
  [127, 31, 63, 95, 127, 179, 217],
  [97, 27, 55, 74, 97, 121],
  [108, 21, 41, 60, 90],
  [129, 18, 36, 55, 73, 106],
  [130, 19, 39, 58, 78],
  [114, 24, 49, 78],
  [155, 27, 55, 78, 120],
  [105, 16, 37, 58],
  [117, 25, 51, 78],
  [114, 16, 32, 61, 80],
  [114, 26, 51, 73, 98, 118],
  [119, 42, 79, 115],
  [82, 36, 57],
  [128, 25, 40, 59],
  [130, 22, 47, 73, 92],
];

export interface SolutionLength {
  promptTokens: number;
  /** Tokens of the solution up to and with each step. */
  stepEnds: readonly number[];
}

export const lengthKinds = ["ragged", "equal"] as const;
export type LengthKind = (typeof lengthKinds)[number];

/** Nothing is padded where all are as long as this: the padded peer at its best. */
const equalLength: SolutionLength = { promptTokens: 112, stepEnds: [20, 40, 60, 80] };

/** The lengths of `count` solutions, from the `first`-th on; the list begins anew at its end. */
export function solutionLengths(kind: LengthKind, first: number, count: number): SolutionLength[] {
  return Array.from({ length: count }, (_, i) => {
    if (kind === "equal") return equalLength;
    const [promptTokens = 0, ...stepEnds] = realLengths[(first + i) % realLengths.length] as number[];
    return { promptTokens, stepEnds };
  });
}
