/** The grading layer: the final answer of a solution, and whether it equals the reference answer. */
export { extractAnswer } from "./extract.js";
export { Grader, type GraderOptions, gradeAnswer, type Verdict } from "./grader.js";
export type { GradeOptions } from "./options.js";
