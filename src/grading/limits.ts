/**
 * Bounds that keep every grading short: what exceeds one is not read as mathematics, only compared as text.
 * They hold for hostile strings; no reference answer of GSM8K or MATH comes near any of them.
 */

/** Characters, from the end, in which an answer is searched. */
export const maxTextLength = 200_000;

/** Characters of an answer that is parsed. */
export const maxAnswerLength = 4_000;

/** Nested groups, roots, fractions and signs. */
export const maxDepth = 120;

/** Characters between the delimiters of mathematics in a text; keeps the search linear. */
export const maxSegmentLength = 4_000;

/** Bits of numerators and denominators that are brought to lowest terms: the division chain is quadratic. */
export const maxReducedBits = 4_000;

/** Operands of one run of divisions, and postfixes of one atom: the depth of the tree they make. */
export const maxChain = 100;

/** Bits of a numerator or denominator. */
export const maxBits = 400_000;

/** Largest n of an exact n!. */
export const maxFactorial = 2_000;

/** Terms of a finite sum or product that are added one by one. */
export const maxTerms = 2_000;

/** Items of a list, set or matrix that are paired up. */
export const maxItems = 200;

/** Signs chosen independently in one answer: `\pm` in n places means 2^n values. */
export const maxSigns = 4;
