/** The problems of `erprm demo`: short enough that a small model gets some of them right. */
import type { Problem } from "../types.js";

export const demoProblems: readonly Problem[] = [
  {
    id: "demo-apples",
    question: "Nora has 3 bags with 4 apples in each. She eats 2 apples. How many apples are left?",
    answer: "10",
  },
  {
    id: "demo-train",
    question: "A train travels 60 km every hour. It leaves at 2 pm and arrives at 5 pm. How many km did it travel?",
    answer: "180",
  },
  {
    id: "demo-tickets",
    question: "A ticket costs $8. Sam buys 5 tickets and pays with a $50 bill. How many dollars does he get back?",
    answer: "10",
  },
];
