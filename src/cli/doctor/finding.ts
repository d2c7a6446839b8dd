/** `ok`: works. `warning`: something is missing that not everybody needs. `error`: erprm cannot run without it. */
export type FindingState = "ok" | "warning" | "error";

/** One line of the doctor: what was looked for, what was found, and how to mend it. */
export interface Finding {
  /** For example `libtorch`. Unique in a report. */
  name: string;
  state: FindingState;
  /** What was found, or what is missing. */
  message: string;
  /** What to do about it; present when the state is not `ok`. */
  remedy?: string;
}

export interface DoctorReport {
  /** No finding is an error. */
  ok: boolean;
  findings: Finding[];
}
