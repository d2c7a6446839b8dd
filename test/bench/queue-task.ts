/** What a row of the queue's benchmark does: a file of JSON that its program gets. */

/** Units whose result is made at once: what is left is the queue. */
export interface EmptyTask {
  units: number;
  /** Processes. */
  workers: number;
  /** Units that a worker holds at the same time. */
  inFlight: number;
}

/** `erprm label` of builtin:tiny. */
export interface LabelTask {
  /** Generated problems, a file. */
  problems: string;
  numSolutions: number;
  numCompletions: number;
  /** Of one process. */
  threads: number;
  /** Processes that get their units through the queue; 0: the command works itself, without a queue. */
  workers: number;
}

/** Of the run that the empty units belong to. */
export const emptyRun = "00000000000bec47";
