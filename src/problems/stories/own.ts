/** Amounts that belong to somebody: savings, collections, pages of a book. */
import { pileStory } from "../pile.js";
import { goods, treasures } from "../words.js";

export const savings = pileStory("savings", (tale) => {
  const [owner, other] = [tale.name(), tale.name()];
  return {
    start: (n) => [`${owner} has ${n} dollars.`, `${owner} starts with ${n} dollars.`],
    startGroups: (g, k) => ({
      says: [`${owner} saves ${k} dollars a week for ${g} weeks.`, `For ${g} days ${owner} saves ${k} dollars a day.`],
      line: `${owner} saves # dollars.`,
    }),
    gains: [(n) => [`${other} gives ${owner} ${n} dollars.`, `${owner} finds ${n} dollars.`]],
    groupGains: [
      (g, k) => ({
        says: [
          `Then ${owner} saves ${k} dollars a day for ${g} days.`,
          `${owner} works ${g} hours for ${k} dollars an hour.`,
        ],
        line: `${owner} gets # dollars.`,
      }),
    ],
    losses: [(n) => [`${owner} pays ${n} dollars for a hat.`, `${owner} spends ${n} dollars.`]],
    groupLosses: [
      (g, k) => ({
        says: [`${owner} buys ${g} ${tale.random.pick(goods)} for ${k} dollars each.`],
        line: `${owner} pays # dollars.`,
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`${owner} spends ${words} of the money.`, `${owner} gives ${words} of the money to ${other}.`],
        line: `That is # dollars.`,
      }),
    ],
    growths: [
      (factor) => ({
        says: [`A year later ${owner} has ${factor} as much.`],
        line: `${owner} now has # dollars.`,
      }),
    ],
    more: `${owner} now has # dollars.`,
    fewer: `${owner} has # dollars left.`,
    ask: [`How many dollars does ${owner} have now?`, `How much money does ${owner} have in the end?`],
    askGone: { line: "# dollars are gone.", asks: [`How many dollars are gone in all?`] },
    divided: (price) => ({
      says: [`${owner} buys toys for ${price} dollars each with the rest.`],
      line: `${owner} buys # toys.`,
      asks: [`How many toys does ${owner} buy?`],
    }),
    missing: (price) => ({
      says: [`A bike costs ${price} dollars.`, `${owner} wants a bike for ${price} dollars.`],
      line: `${owner} needs # more dollars.`,
      asks: [`How many more dollars does ${owner} need for the bike?`],
    }),
  };
});

export const collection = pileStory("collection", (tale) => {
  const [owner, other, things] = [tale.name(), tale.name(), tale.random.pick(treasures)];
  return {
    start: (n) => [`${owner} has ${n} ${things}.`, `${owner} owns ${n} ${things}.`],
    startGroups: (g, k) => ({
      says: [`${owner} has ${g} boxes of ${k} ${things}.`, `${owner} keeps ${k} ${things} in each of ${g} boxes.`],
      line: `The boxes hold # ${things}.`,
    }),
    gains: [(n) => [`${owner} finds ${n} ${things}.`, `${other} gives ${owner} ${n} ${things}.`]],
    groupGains: [
      (g, k) => ({
        says: [`${owner} buys ${g} bags of ${k} ${things}.`, `${g} friends give ${owner} ${k} ${things} each.`],
        line: `${owner} gets # ${things}.`,
      }),
    ],
    losses: [(n) => [`${owner} loses ${n} ${things}.`, `${owner} gives ${other} ${n} ${things}.`]],
    groupLosses: [
      (g, k) => ({
        says: [`${owner} gives ${k} ${things} to each of ${g} friends.`],
        line: `${owner} gives # ${things}.`,
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`${owner} gives ${words} of the ${things} to ${other}.`, `${owner} sells ${words} of the ${things}.`],
        line: `That is # ${things}.`,
      }),
    ],
    growths: [
      (factor) => ({
        says: [`Soon ${owner} has ${factor} as many ${things}.`],
        line: `${owner} now has # ${things}.`,
      }),
    ],
    more: `${owner} now has # ${things}.`,
    fewer: `${owner} has # ${things} left.`,
    ask: [`How many ${things} does ${owner} have now?`, `How many ${things} are left for ${owner}?`],
    divided: (parts) => ({
      says: [`${owner} sets the ${things} in ${parts} equal rows.`],
      line: `Each row has # ${things}.`,
      asks: [`How many ${things} are in a row?`],
    }),
    missing: (wanted) => ({
      says: [`${other} has ${wanted} ${things}.`],
      line: `${other} has # more.`,
      asks: [`How many more ${things} does ${other} have than ${owner}?`],
    }),
  };
});

export const reading = pileStory("reading", (tale) => {
  const reader = tale.name();
  return {
    start: (n) => [`${reader} reads a book of ${n} pages.`, `A book has ${n} pages, and ${reader} reads it.`],
    startGroups: (g, k) => ({
      says: [`${reader} reads a book with ${g} parts of ${k} pages each.`],
      line: "The book has # pages.",
    }),
    gains: [(n) => [`Then ${reader} starts a second book of ${n} pages.`]],
    losses: [(n) => [`On one day ${reader} reads ${n} pages.`, `${reader} reads ${n} pages at home.`]],
    groupLosses: [
      (g, k) => ({
        says: [
          `${reader} reads ${k} pages a day for ${g} days.`,
          `For ${g} nights ${reader} reads ${k} pages a night.`,
        ],
        line: `${reader} reads # pages.`,
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [
          `In the next week ${reader} reads ${words} of the pages that are left.`,
          `On a trip ${reader} reads ${words} of the rest.`,
        ],
        line: `${reader} reads # pages.`,
      }),
    ],
    more: "There are now # pages.",
    fewer: "There are # pages left.",
    ask: ["How many pages are left?", `How many pages does ${reader} still have to read?`],
    askGone: { line: `${reader} reads # pages in all.`, asks: [`How many pages does ${reader} read in all?`] },
    divided: (parts) => ({
      says: [`${reader} reads the rest in ${parts} days, as much on each.`],
      line: `${reader} reads # pages a day.`,
      asks: [`How many pages a day does ${reader} then read?`],
    }),
  };
});
