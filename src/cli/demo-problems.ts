/**
 * What `erprm demo` works on: problems short enough that a very small model gets some of them right, and a prompt that shows
 * it how (two worked examples), one step a line.
 */
import type { Sampling } from "../policy/sampling.js";
import type { Problem } from "../types.js";

export const demoProblems: readonly Problem[] = [
  {
    id: "demo-train",
    question: "A train travels 60 km every hour. How many km does it travel in 3 hours?",
    answer: "180",
  },
  {
    id: "demo-pens",
    question: "A pen costs $2. Mia buys 7 pens and pays with $20. How many dollars does she get back?",
    answer: "6",
  },
  {
    id: "demo-eggs",
    question: "A hen lays 2 eggs every day. How many eggs does it lay in 7 days?",
    answer: "14",
  },
];

export const demoTemplate = `Question: A box has 2 rows of 3 cakes. Ann eats 1 cake. How many cakes are left?
Answer: The box has 2 * 3 = 6 cakes.
Ann eats 1 cake, so 6 - 1 = 5 cakes are left.
The answer is 5.

Question: A book costs $4. Leo buys 3 books and pays with $20. How many dollars does he get back?
Answer: The books cost 3 * 4 = 12 dollars.
He gets back 20 - 12 = 8 dollars.
The answer is 8.

Question: {question}
Answer:`;

/** Of solutions and completions alike: at temperature 1 so small a model seldom gets to the end. */
export const demoSampling: Partial<Sampling> = { temperature: 0.7, maxTokens: 96, stop: ["\n\n", "Question:"] };
