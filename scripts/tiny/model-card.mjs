/** The card of the tiny policy, written from what was measured. */

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const grouped = (value) => new Intl.NumberFormat("en-US").format(value);
const interval = ({ low, high }) => `${percent(low)} to ${percent(high)}`;

function row(cells) {
  return `| ${cells.join(" | ")} |`;
}

function table(head, rows) {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

/** `summary` of the training, `measured` as measure.mjs returns it, `made`: how the script was called and where. */
export function modelCard({ summary, measured, made }) {
  const { counts, timings } = summary;
  const [first] = measured.splits;
  const seconds = timings.train ?? 0;
  return `# The tiny policy (\`builtin:tiny\`)

A Llama-shaped language model with ${grouped(counts.parameters)} weights that solves arithmetic word problems of \`erprm problems\`, one
calculation a line, and is wrong often enough that labelling its steps shows something. It was trained from random weights by erprm
alone, on problems that erprm generated; no text or weights of anybody else went into it. Licence: Apache 2.0, as erprm.

    erprm problems --split test --num 100 --out problems.jsonl
    erprm label --policy builtin:tiny --problems problems.jsonl --num-solutions 4 --out runs/labels

## How it was made

    node scripts/train-tiny-policy.mjs --num-problems ${made["num-problems"]}

| | |
|---|---|
| code | erprm${made.commit ? `, commit ${made.commit}` : ""} |
| data | ${grouped(Number(made["num-problems"]))} problems of the train split (seed 0, difficulty default), each seen once; ${grouped(counts.heldOutProblems)} of them held out |
| shape | 6 layers of 192, 6 heads of 32 (2 for keys and values), feed-forward 512, context 512, embedding tied to the output |
| tokenizer | byte-level BPE learned from 20,000 of the problems; digits are single tokens, as are \` ки\`, \` +\` and \` -\` |
| training | \`${made.training}\` |
| | ${grouped(counts.updates)} updates, ${grouped(counts.tokensTrained)} tokens, loss ${counts.heldOutLoss?.toFixed(4)} a token on held-out problems (${counts.heldOutLossBefore?.toFixed(2)} before) |
| time | ${(seconds / 60).toFixed(0)} minutes, ${grouped(Math.round(counts.tokensTrained / seconds))} tokens a second (${made.device}${made.threads ? `, threads: ${made.threads}` : ""}; ${made.processor}) |
| stored | bf16 |

The prompt is the question and a line end. The chat template leaves out the sentence that \`erprm rollout\` appends to questions by default
(the one that asks for \`\\boxed{}\`), so training and rollouts see the same tokens. It refuses system messages.

## How often it is right

Problems of the test split (seed 0), none of which it was trained on, each tried once: pass@1 with its 95 % Wilson interval.
How many problems it was trained on was chosen with a look at this split, so that it is neither hopeless nor perfect; with more of them it
gets better.

${table(
  ["difficulty", "temperature", "right", "95 % interval", "n", "without an end"],
  measured.splits.map(({ difficulty, temperature, all, unfinished }) => [
    difficulty,
    temperature,
    percent(all.value),
    interval(all),
    grouped(all.n),
    unfinished,
  ]),
)}

By the number of calculations (${first.difficulty}, temperature ${first.temperature}):

${table(
  ["steps", "right", "95 % interval", "n"],
  first.bySteps.map(({ steps, value, low, high, n }) => [steps, percent(value), interval({ low, high }), grouped(n)]),
)}

Rolling out 16 solutions of each of 200 problems on the machine above: ${grouped(Math.round(measured.speed.tokensPerSecond))} tokens a second,
${grouped(Math.round(measured.speed.rolloutsPerSecond))} solutions a second.

## What it can and cannot do

- It knows the stories, words and number ranges of the default difficulty, and nothing else: other questions get an answer that means nothing.
- Of its ${grouped(first.mistakes.wrong)} wrong solutions above (${first.difficulty}, temperature ${first.temperature}), ${grouped(first.mistakes.miscalculated)} hold a calculation that is false, such as 24 - 12 = 8. In the
  others every calculation is true, and a fact is left out, used twice or misunderstood.
- It has no instruction following, no conversation, no words of other languages, and no knowledge of the world.
- It is made for trying things out and for tests. Nothing that is found with it says how a large model behaves.
`;
}
