/** Amounts that are sold: a shop, a bakery, a fruit stand, a farm. */
import { pileStory } from "../pile.js";
import { fruits, goods, pastries } from "../words.js";

export const shop = pileStory("shop", (tale) => {
  const [owner, things] = [tale.name(), tale.random.pick(goods)];
  return {
    start: (n) => [`${owner} has ${n} ${things} in the shop.`, `There are ${n} ${things} in the shop of ${owner}.`],
    startGroups: (g, k) => ({
      says: [`The shop of ${owner} has ${g} shelves with ${k} ${things} each.`],
      line: `The shelves hold # ${things}.`,
    }),
    gains: [(n) => [`A car brings ${n} more ${things}.`, `${owner} buys ${n} more ${things}.`]],
    groupGains: [
      (g, k) => ({
        says: [`Then ${g} boxes with ${k} ${things} each arrive.`, `${owner} gets ${g} boxes of ${k} ${things}.`],
        line: `The boxes hold # ${things}.`,
      }),
    ],
    losses: [(n) => [`${n} ${things} are sold.`, `${owner} sells ${n} of the ${things}.`]],
    groupLosses: [
      (g, k) => ({
        says: [`Then ${g} people buy ${k} ${things} each.`, `${owner} sells ${k} ${things} to each of ${g} people.`],
        line: `The people buy # ${things}.`,
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`${words} of the ${things} are sold.`, `${owner} sells ${words} of the ${things}.`],
        line: `The shop sells # ${things}.`,
      }),
    ],
    more: `There are now # ${things}.`,
    fewer: `There are # ${things} left.`,
    ask: [`How many ${things} are in the shop now?`, `How many ${things} does ${owner} have in the end?`],
    askGone: { line: `The shop sells # ${things} in all.`, asks: [`How many ${things} are sold in all?`] },
    multiplied: (price) => ({
      says: [`The rest are sold for ${price} dollars each.`],
      line: "They cost # dollars.",
      asks: ["How many dollars are paid for the rest?", `How many dollars does ${owner} get for them?`],
    }),
    divided: (parts) => ({
      says: [`${owner} puts the rest into ${parts} equal boxes.`],
      line: `Each box holds # ${things}.`,
      asks: [`How many ${things} are in each box?`],
    }),
  };
});

export const bakery = pileStory("bakery", (tale) => {
  const [baker, things] = [tale.name(), tale.random.pick(pastries)];
  return {
    start: (n) => [`${baker} bakes ${n} ${things}.`, `In the morning ${baker} makes ${n} ${things}.`],
    startGroups: (g, k) => ({
      says: [`${baker} bakes ${g} trays of ${k} ${things}.`, `${baker} fills ${g} trays with ${k} ${things} each.`],
      line: `The trays hold # ${things}.`,
    }),
    gains: [(n) => [`At noon ${n} more ${things} are baked.`, `Then ${baker} bakes ${n} more ${things}.`]],
    groupGains: [
      (g, k) => ({
        says: [`Then ${baker} bakes ${k} ${things} every hour for ${g} hours.`],
        line: `In ${g} hours ${baker} bakes # ${things}.`,
      }),
    ],
    losses: [
      (n) => [`${n} of the ${things} burn.`, `${n} ${things} fall to the floor.`],
      (n) => [`A school buys ${n} ${things}.`, `${baker} sells ${n} ${things}.`],
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`${words} of the ${things} are sold.`, `${baker} gives ${words} of the ${things} to a school.`],
        line: `# ${things} leave.`,
      }),
    ],
    growths: [
      (factor) => ({
        says: [`Soon ${baker} has ${factor} as many ${things}.`],
        line: `There are now # ${things}.`,
      }),
    ],
    more: `There are now # ${things}.`,
    fewer: `There are # ${things} left.`,
    ask: [`How many ${things} are there now?`, `How many ${things} does ${baker} have?`],
    askGone: { line: `# ${things} are gone.`, asks: [`How many ${things} are gone in all?`] },
    divided: (parts) => ({
      says: [`The rest go into ${parts} equal bags.`],
      line: `Each bag holds # ${things}.`,
      asks: [`How many ${things} are in each bag?`],
    }),
    multiplied: (price) => ({
      says: [`Each of the ${things} costs ${price} dollars.`],
      line: "They cost # dollars.",
      asks: ["How many dollars do they cost together?"],
    }),
  };
});

export const fruitStand = pileStory("fruit-stand", (tale) => {
  const [seller, helper, things] = [tale.name(), tale.name(), tale.random.pick(fruits)];
  return {
    start: (n) => [`${seller} picks ${n} ${things}.`, `${seller} has ${n} ${things} to sell.`],
    startGroups: (g, k) => ({
      says: [`${seller} picks ${k} ${things} from each of ${g} trees.`, `${g} trees give ${k} ${things} each.`],
      line: `The trees give # ${things}.`,
    }),
    gains: [(n) => [`${helper} brings ${n} more ${things}.`, `${helper} picks ${n} ${things} and adds them.`]],
    groupGains: [
      (g, k) => ({
        says: [`${helper} adds ${g} bags with ${k} ${things} each.`],
        line: `The bags hold # ${things}.`,
      }),
    ],
    losses: [(n) => [`${n} ${things} are bad.`, `${helper} eats ${n} of the ${things}.`]],
    groupLosses: [
      (g, k) => ({
        says: [`They sell ${g} bags of ${k} ${things}.`, `They sell ${k} ${things} an hour for ${g} hours.`],
        line: `They sell # ${things}.`,
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`They sell ${words} of the ${things}.`, `${words} of the ${things} are sold by noon.`],
        line: `They sell # ${things}.`,
      }),
    ],
    more: `There are now # ${things}.`,
    fewer: `There are # ${things} left.`,
    ask: [`How many ${things} are left?`, `How many ${things} are there in the end?`],
    divided: (parts) => ({
      says: [`${parts} friends share the ${things} equally.`],
      line: `Each friend gets # ${things}.`,
      asks: [`How many ${things} does each friend get?`],
    }),
    multiplied: (price) => ({
      says: [`They sell all the others for ${price} dollars each.`],
      line: "They get # dollars.",
      asks: ["How many dollars do they get for the others?"],
    }),
  };
});

export const farm = pileStory("farm", (tale) => {
  const farmer = tale.name();
  return {
    start: (n) => [`${farmer} has ${n} eggs.`, `There are ${n} eggs on the farm of ${farmer}.`],
    startGroups: (g, k) => ({
      says: [`${farmer} has ${g} hens and each lays ${k} eggs a week.`, `${g} hens lay ${k} eggs each.`],
      line: "The hens lay # eggs.",
    }),
    gains: [(n) => [`${farmer} finds ${n} more eggs.`, `The ducks lay ${n} eggs.`]],
    groupGains: [(g, k) => ({ says: [`Then ${g} ducks lay ${k} eggs each.`], line: "The ducks lay # eggs." })],
    losses: [(n) => [`${n} eggs break.`, `${farmer} eats ${n} of the eggs.`]],
    groupLosses: [
      (g, k) => ({
        says: [`${farmer} bakes ${g} cakes with ${k} eggs each.`, `For ${g} days ${farmer} eats ${k} eggs a day.`],
        line: `${farmer} uses # eggs.`,
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`${farmer} sells ${words} of the eggs.`, `${words} of the eggs go to a shop.`],
        line: `${farmer} sells # eggs.`,
      }),
    ],
    more: "There are now # eggs.",
    fewer: "There are # eggs left.",
    ask: ["How many eggs are there now?", `How many eggs does ${farmer} have?`],
    askGone: { line: "# eggs are gone.", asks: ["How many eggs are gone in all?"] },
    divided: (parts) => ({
      says: [`The eggs fit into boxes of ${parts}.`],
      line: `${farmer} fills # boxes.`,
      asks: [`How many boxes does ${farmer} fill?`],
    }),
    multiplied: (price) => ({
      says: [`An egg costs ${price} dollars.`],
      line: "The eggs cost # dollars.",
      asks: ["How many dollars do the eggs cost?"],
    }),
  };
});
