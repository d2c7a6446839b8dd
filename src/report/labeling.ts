/** How labels were come by, in the words of a page. Labels of one name are not one thing: few completions and many, plug-in and posterior. */
import type { Allocation, Estimator } from "../types.js";

export interface Labeling {
  /** Absent: the same number of completions for every prefix. */
  allocation?: Allocation;
  /** Absent: plug-in. */
  estimator?: Estimator;
  /** The format that the labels were imported from: they need be no function of counts. */
  importedFrom?: string;
}

function allocationText(allocation: Allocation | undefined): string {
  if (allocation === undefined) return "the same number of completions of every prefix";
  switch (allocation.kind) {
    case "fixed":
      return `${allocation.numCompletions} completions of every prefix`;
    case "first-error": {
      const { numCompletions, minCompletions } = allocation;
      const few = minCompletions === undefined ? "" : `${minCompletions} to `;
      return `${few}${numCompletions} completions of the prefixes that the search for the first error visits`;
    }
    case "adaptive": {
      const { minCompletions, maxCompletions, label, tolerance } = allocation;
      return `${minCompletions} to ${maxCompletions} completions, until ${label} is known to ${tolerance}`;
    }
    case "gain": {
      const { minCompletions, maxCompletions, label, gain } = allocation;
      return `${minCompletions} to ${maxCompletions} completions, while one more is worth ${gain} for ${label}`;
    }
  }
}

export function labelingText({ allocation, estimator, importedFrom }: Labeling): string {
  if (importedFrom !== undefined) return `imported from ${importedFrom}`;
  const isPosterior = estimator?.kind === "posterior";
  const how = isPosterior ? `posterior mean, prior Beta(${estimator.prior.join(", ")})` : "plug-in";
  return `${how}; ${allocationText(allocation)}`;
}
