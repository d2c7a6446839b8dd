/** What a run's streams and subjects are called on the server. A run is 16 hexadecimal digits of its identity. */

/** The bucket in which all runs of a server are announced. */
export const runsBucket = "erprm-runs";

export interface QueueNames {
  run: string;
  unitStream: string;
  resultStream: string;
  /** Bucket: what is known of units that came back from a worker. */
  tries: string;
  /** What workers say of themselves. */
  workerSubject: string;
  unitSubject(place: number): string;
  /** Everything that is a result of the unit. */
  resultsOf(place: number): string;
  /** A part of one attempt's result. */
  resultSubject(place: number, attempt: string, part: number): string;
}

/** The consumer that all workers of a run share. */
export const workersConsumer = "workers";

export function queueNames(run: string): QueueNames {
  return {
    run,
    unitStream: `erprm-units-${run}`,
    resultStream: `erprm-results-${run}`,
    tries: `erprm-tries-${run}`,
    workerSubject: `erprm.${run}.worker`,
    unitSubject: (place) => `erprm.${run}.unit.${place}`,
    resultsOf: (place) => `erprm.${run}.result.${place}.>`,
    resultSubject: (place, attempt, part) => `erprm.${run}.result.${place}.${attempt}.${part}`,
  };
}

export const runNameLength = 16;

/** The unit that a subject is about: the fourth part of both kinds. */
export function placeOf(subject: string): number {
  return Number(subject.split(".")[3]);
}
