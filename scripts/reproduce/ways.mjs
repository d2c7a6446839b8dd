/**
 * The ways to choose an answer, the trainings of one target taken together: the accuracy of a target on a problem is its mean
 * over seeds, so intervals and tests over problems are those of a model of that target with any of these seeds.
 */
import { modelName } from "./study.mjs";

export const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** The standard deviation that a sample estimates; NaN for fewer than two numbers. */
export function deviation(numbers) {
  const centre = mean(numbers);
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - centre) ** 2, 0) / (numbers.length - 1));
}

/** Each way to choose: its accuracy on every problem, the mean over seeds where it has some, and the accuracy of each seed. */
export function waysAt({ methods }, { targets, seeds, aggregates }) {
  const find = (rule, model, aggregate) =>
    methods.find(({ method }) => method.rule === rule && method.model === model && method.aggregate === aggregate);
  const alone = ["pass@1", "majority", "pass@n"].map((rule) => {
    const { accuracies, computation } = find(rule);
    return { rule, computation, accuracies };
  });
  const scored = ["best-of-n", "weighted-vote"].flatMap((rule) =>
    aggregates.flatMap((aggregate) =>
      targets.map((target) => {
        const own = seeds.map((seed) => find(rule, modelName(target, seed), aggregate));
        const accuracies = own[0].accuracies.map((_, i) => mean(own.map((one) => one.accuracies[i])));
        const ofSeeds = own.map((one) => mean([...one.accuracies]));
        return { rule, target, aggregate, computation: own[0].computation, accuracies, ofSeeds };
      }),
    ),
  );
  return [...alone, ...scored];
}

/** The outcome model was trained at the last step, so that is the score it goes by. */
export const aggregateOf = (target, { aggregates: [first] }) => (target === "orm" ? "last" : first);

/** `best-of-n er:2 min`, `majority` */
export const nameOf = ({ rule, target, aggregate }) => (target ? `${rule} ${target} ${aggregate}` : rule);
