/** What a row of the benchmark of files does: a file of JSON that its program gets. */

/** Every record read, checked and written to a file of another kind. */
export interface ConvertTask {
  kind: "convert";
  from: string;
  to: string;
}

/** Labels of other etas from the counts of JSON Lines, as JSON Lines. */
export interface RelabelTask {
  kind: "relabel";
  from: string;
  to: string;
  etas: number[];
}

/** The same by a command that goes on after it was killed. */
export interface ResumeTask extends Omit<RelabelTask, "kind"> {
  kind: "resume";
  /** Of the input: the command is killed when its checkpoint is that far. */
  share: number;
}

/** An unfinished run's live file opened, so that records can be appended. */
export interface OpenTask {
  kind: "open";
  path: string;
}

export type FilesTask = (ConvertTask | RelabelTask | ResumeTask | OpenTask) & { threads: number };
