/** Amounts in a place: people on a bus, books in a library, plants in a garden, water in a tank. */
import { pileStory } from "../pile.js";
import { plants } from "../words.js";

export const bus = pileStory("bus", (tale) => ({
  start: (n) => [`A bus starts with ${n} people.`, `There are ${n} people on a bus.`],
  startGroups: (g, k) => ({
    says: [`On a bus ${g} rows of seats have ${k} people each.`],
    line: "On the seats are # people.",
  }),
  gains: [(n) => [`At a stop ${n} people get on.`, `Then ${n} more people get on.`]],
  groupGains: [
    (g, k) => ({
      says: [`At each of ${g} stops ${k} people get on.`, `Then ${g} groups of ${k} people get on.`],
      line: "# people get on.",
    }),
  ],
  losses: [(n) => [`At a stop ${n} people get off.`, `Then ${n} of the people get off.`]],
  groupLosses: [
    (g, k) => ({
      says: [`At each of ${g} stops ${k} people get off.`, `Then ${g} groups of ${k} people get off.`],
      line: "# people get off.",
    }),
  ],
  shareLosses: [
    ({ words }) => ({
      says: [`In the city ${words} of the people get off.`, `Then ${words} of the people on the bus get off.`],
      line: "# people get off.",
    }),
  ],
  more: "There are now # people.",
  fewer: "There are # people left.",
  ask: ["How many people are on the bus now?", "How many people are on the bus in the end?"],
  askGone: { line: "# people got off.", asks: ["How many people got off in all?"] },
  multiplied: (price) => ({
    says: [`Each of those still on the bus pays ${price} dollars.`],
    line: "They pay # dollars.",
    asks: ["How many dollars do they pay in all?"],
  }),
  missing: (seats) => ({
    says: [`The bus has ${tale.random.pick(["room", "seats"])} for ${seats} people.`],
    line: "There is room for # more.",
    asks: ["How many more people could get on?"],
  }),
}));

export const library = pileStory("library", (tale) => {
  const reader = tale.name();
  return {
    start: (n) => [`A library has ${n} books.`, `There are ${n} books in a library.`],
    startGroups: (g, k) => ({
      says: [`A library has ${g} shelves with ${k} books each.`],
      line: "The shelves hold # books.",
    }),
    gains: [
      (n) => [`The library buys ${n} new books.`, `${reader} gives ${n} books to the library.`],
      (n) => [`${n} books come back.`],
    ],
    groupGains: [
      (g, k) => ({
        says: [`Each of ${g} readers brings back ${k} books.`, `The library gets ${g} boxes of ${k} books.`],
        line: "The library gets # books.",
      }),
    ],
    losses: [(n) => [`${n} books are lent.`, `${reader} takes ${n} books home.`]],
    groupLosses: [
      (g, k) => ({
        says: [`Each of ${g} readers takes ${k} books home.`, `Then ${k} books are lent every day for ${g} days.`],
        line: "Readers take # books.",
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`${words} of the books are lent.`, `${words} of the books are old and go away.`],
        line: "# books leave.",
      }),
    ],
    growths: [
      (factor) => ({
        says: [`After a year the library has ${factor} as many books as before.`],
        line: "There are now # books.",
      }),
    ],
    more: "There are now # books.",
    fewer: "There are # books left.",
    ask: ["How many books are in the library now?", "How many books does the library have in the end?"],
    divided: (parts) => ({
      says: [`The books stand on ${parts} shelves, as many on each.`],
      line: "Each shelf holds # books.",
      asks: ["How many books are on each shelf?"],
    }),
  };
});

export const garden = pileStory("garden", (tale) => {
  const [owner, things] = [tale.name(), tale.random.pick(plants)];
  return {
    start: (n) => [`${owner} has ${n} ${things} in the garden.`, `In a garden grow ${n} ${things}.`],
    startGroups: (g, k) => ({
      says: [`${owner} plants ${g} rows of ${k} ${things}.`, `A garden has ${g} rows with ${k} ${things} each.`],
      line: `The rows have # ${things}.`,
    }),
    gains: [(n) => [`${owner} plants ${n} more ${things}.`, `Then ${n} new ${things} grow.`]],
    groupGains: [
      (g, k) => ({
        says: [`${owner} adds ${g} rows of ${k} ${things}.`, `${g} friends plant ${k} ${things} each.`],
        line: `They plant # ${things}.`,
      }),
    ],
    losses: [(n) => [`${n} ${things} die.`, `${owner} cuts ${n} of the ${things}.`]],
    shareLosses: [
      ({ words }) => ({
        says: [`In the cold ${words} of the ${things} die.`, `${owner} cuts ${words} of the ${things}.`],
        line: `# ${things} are lost.`,
      }),
    ],
    growths: [
      (factor) => ({
        says: [`Next year there are ${factor} as many ${things}.`],
        line: `There are now # ${things}.`,
      }),
    ],
    more: `There are now # ${things}.`,
    fewer: `There are # ${things} left.`,
    ask: [`How many ${things} are in the garden now?`, `How many ${things} does ${owner} have?`],
    askGone: { line: `# ${things} are gone.`, asks: [`How many ${things} are gone in all?`] },
    multiplied: (each) => ({
      says: [`Each of the ${things} needs ${each} liters of water.`],
      line: "They need # liters.",
      asks: ["How many liters of water do they need?"],
    }),
    divided: (parts) => ({
      says: [`${owner} sets the ${things} in ${parts} equal rows.`],
      line: `Each row has # ${things}.`,
      asks: [`How many ${things} are in each row?`],
    }),
  };
});

export const tank = pileStory("tank", (tale) => {
  const owner = tale.name();
  return {
    start: (n) => [`A tank holds ${n} liters of water.`, `There are ${n} liters of water in a tank.`],
    gains: [(n) => [`Rain adds ${n} liters.`, `${owner} adds ${n} liters of water.`]],
    groupGains: [
      (g, k) => ({
        says: [`For ${g} minutes ${k} liters a minute run in.`, `${owner} adds ${g} cans of ${k} liters.`],
        line: "# liters run in.",
      }),
    ],
    losses: [(n) => [`${owner} takes ${n} liters.`, `A cow drinks ${n} liters.`]],
    groupLosses: [
      (g, k) => ({
        says: [`For ${g} hours ${k} liters an hour run out.`, `${g} cows drink ${k} liters each.`],
        line: "# liters run out.",
      }),
    ],
    shareLosses: [
      ({ words }) => ({
        says: [`${owner} uses ${words} of the water.`, `${words} of the water runs out.`],
        line: "# liters run out.",
      }),
    ],
    more: "There are now # liters.",
    fewer: "There are # liters left.",
    ask: ["How many liters are in the tank now?", "How many liters of water are left in the end?"],
    askGone: { line: "# liters are gone.", asks: ["How many liters leave the tank in all?"] },
    divided: (parts) => ({
      says: [`Then the water runs out at ${parts} liters a minute.`],
      line: "It takes # minutes.",
      asks: ["After how many minutes is the tank empty?"],
    }),
    missing: (whole) => ({
      says: [`The tank has room for ${whole} liters.`],
      line: "There is room for # more.",
      asks: ["How many more liters fit in?"],
    }),
  };
});
