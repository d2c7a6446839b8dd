/** Worked problems, as many different ones as wanted: text as policies write it, for benchmarks that need real tokens. */
import { randomNumbers } from "../support/random-numbers.js";

export interface WorkedProblem {
  question: string;
  steps: string[];
}

/** The first one, in plainer words than the others. */
const bakery: WorkedProblem = {
  question:
    "A bakery sells muffins for $3 and cakes for $14. On Monday it sold 28 muffins and 9 cakes. On Tuesday it sold half as " +
    "many muffins and twice as many cakes. Ingredients cost $1 for a muffin and $5 for a cake, and rent is $60 a day. How " +
    "much profit did the bakery make on the two days together?",
  steps: [
    "On Monday the bakery earned 28 * 3 = $84 from muffins and 9 * 14 = $126 from cakes, which is 84 + 126 = $210.",
    "On Tuesday it sold 28 / 2 = 14 muffins and 9 * 2 = 18 cakes.",
    "Tuesday's muffins brought 14 * 3 = $42 and Tuesday's cakes brought 18 * 14 = $252, together 42 + 252 = $294.",
    "The two days' sales are therefore 210 + 294 = $504 in total.",
    "Altogether 28 + 14 = 42 muffins and 9 + 18 = 27 cakes were sold.",
    "Their ingredients cost 42 * 1 = $42 for the muffins and 27 * 5 = $135 for the cakes, that is 42 + 135 = $177.",
    "Rent for the two days is 2 * 60 = $120, so all costs together are 177 + 120 = $297.",
    "The profit is the sales minus the costs, 504 - 297 = $207.",
  ],
};

interface Numbers {
  shop: string;
  small: string;
  large: string;
  smallPrice: number;
  largePrice: number;
  /** Even. */
  smallCount: number;
  largeCount: number;
  smallCost: number;
  largeCost: number;
  rent: number;
}

const shops: [shop: string, small: string, large: string][] = [
  ["baker", "pies", "tarts"],
  ["florist", "roses", "wreaths"],
  ["bookshop", "notebooks", "novels"],
  ["market stall", "melons", "hampers"],
  ["toy maker", "tops", "puppets"],
  ["pottery", "cups", "vases"],
];

function write(numbers: Numbers): WorkedProblem {
  const { shop, small, large, smallPrice, largePrice, smallCount, largeCount, smallCost, largeCost, rent } = numbers;
  const [half, twice] = [smallCount / 2, 2 * largeCount];
  const monday = [smallCount * smallPrice, largeCount * largePrice] as const;
  const tuesday = [half * smallPrice, twice * largePrice] as const;
  const [mondaySales, saleTuesday] = [monday[0] + monday[1], tuesday[0] + tuesday[1]];
  const sales = mondaySales + saleTuesday;
  const [allSmall, allLarge] = [smallCount + half, largeCount + twice];
  const costs = [allSmall * smallCost, allLarge * largeCost] as const;
  const ingredients = costs[0] + costs[1];
  const all = ingredients + 2 * rent;
  const capital = small.charAt(0).toUpperCase() + small.slice(1);
  const question =
    `A ${shop} sells ${small} for $${smallPrice} and ${large} for $${largePrice}. On Monday it sold ${smallCount} ${small} and ` +
    `${largeCount} ${large}. On Tuesday it sold half as many ${small} and twice as many ${large}. Ingredients cost ` +
    `$${smallCost} for each of the ${small} and $${largeCost} for each of the ${large}, and rent is $${rent} a day. How much ` +
    `profit did the ${shop} make on the two days together?`;
  const steps = [
    `On Monday the ${shop} earned ${smallCount} * ${smallPrice} = $${monday[0]} from ${small} and ${largeCount} * ${largePrice} = ` +
      `$${monday[1]} from ${large}, which is ${monday[0]} + ${monday[1]} = $${mondaySales}.`,
    `On Tuesday it sold ${smallCount} / 2 = ${half} ${small} and ${largeCount} * 2 = ${twice} ${large}.`,
    `${capital} brought ${half} * ${smallPrice} = $${tuesday[0]} on Tuesday and ${large} brought ${twice} * ${largePrice} = ` +
      `$${tuesday[1]}, together ${tuesday[0]} + ${tuesday[1]} = $${saleTuesday}.`,
    `The two days' sales are therefore ${mondaySales} + ${saleTuesday} = $${sales} in total.`,
    `Altogether ${smallCount} + ${half} = ${allSmall} ${small} and ${largeCount} + ${twice} = ${allLarge} ${large} were sold.`,
    `Their ingredients cost ${allSmall} * ${smallCost} = $${costs[0]} for the ${small} and ${allLarge} * ${largeCost} = ` +
      `$${costs[1]} for the ${large}, that is ${costs[0]} + ${costs[1]} = $${ingredients}.`,
    `Rent for the two days is 2 * ${rent} = $${2 * rent}, so all costs together are ${ingredients} + ${2 * rent} = $${all}.`,
    `The profit is the sales minus the costs, ${sales} - ${all} = $${sales - all}.`,
  ];
  return { question, steps };
}

/** The problem of this number, from 0: always the same one. Eight steps, and every equation in them is right. */
export function workedProblem(number: number): WorkedProblem {
  if (number === 0) return bakery;
  const random = randomNumbers(number + 1);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const [shop, small, large] = shops[number % shops.length] as (typeof shops)[number];
  return write({
    shop,
    small,
    large,
    smallPrice: between(3, 9),
    largePrice: between(12, 40),
    smallCount: 2 * between(10, 40),
    largeCount: between(5, 19),
    smallCost: between(1, 2),
    largeCost: between(4, 9),
    rent: between(20, 60),
  });
}
