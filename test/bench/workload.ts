/** The nested-prefix workload: completions of every prefix of one solution, the engine's main job. Real text, real tokens. */
import { openPolicyFiles } from "../../src/policy/open-policy.js";

export interface Workload {
  model: string;
  trunk: number[];
  /** Tokens of each prefix; the last one is the whole trunk. */
  prefixLengths: number[];
  numCompletions: number;
  numTokens: number;
  threads: number;
}

const question =
  "A bakery sells muffins for $3 and cakes for $14. On Monday it sold 28 muffins and 9 cakes. On Tuesday it sold half as " +
  "many muffins and twice as many cakes. Ingredients cost $1 for a muffin and $5 for a cake, and rent is $60 a day. How " +
  "much profit did the bakery make on the two days together?";

const steps = [
  "On Monday the bakery earned 28 * 3 = $84 from muffins and 9 * 14 = $126 from cakes, which is 84 + 126 = $210.",
  "On Tuesday it sold 28 / 2 = 14 muffins and 9 * 2 = 18 cakes.",
  "Tuesday's muffins brought 14 * 3 = $42 and Tuesday's cakes brought 18 * 14 = $252, together 42 + 252 = $294.",
  "The two days' sales are therefore 210 + 294 = $504 in total.",
  "Altogether 28 + 14 = 42 muffins and 9 + 18 = 27 cakes were sold.",
  "Their ingredients cost 42 * 1 = $42 for the muffins and 27 * 5 = $135 for the cakes, that is 42 + 135 = $177.",
  "Rent for the two days is 2 * 60 = $120, so all costs together are 177 + 120 = $297.",
  "The profit is the sales minus the costs, 504 - 297 = $207.",
];

export async function makeWorkload(
  model: string,
  sizes: { numPrefixes: number; numCompletions: number; numTokens: number; threads: number },
): Promise<Workload> {
  const { text } = await openPolicyFiles(model, {});
  const prompt = text.renderPrompt({ question });
  const prefixLengths: number[] = [];
  let trunk: number[] = [];
  for (let last = 1; last <= sizes.numPrefixes; last++) {
    const solution = steps.slice(0, last).join("\n\n");
    trunk = [...text.encodePrompt(`${prompt}${solution}\n\n`)];
    prefixLengths.push(trunk.length);
  }
  return { model, trunk, prefixLengths, ...sizes };
}
