/** The numbers of an evaluation that have defaults. Apart from the stage, so that a help text does not load it. */
export const evaluationDefaults = {
  seed: 0,
  level: 0.95,
  numBootstrap: 1000,
  numFlips: 10_000,
  numSubsets: 1000,
} as const;
