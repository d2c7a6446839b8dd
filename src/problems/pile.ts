/**
 * Stories about one amount that rises and falls: goods in a shop, people on a bus, money in a box. A story of this kind is
 * a list of what can happen to the amount; here it happens, in random order, until the calculations are as many as wanted.
 */
import type { Line, Quantity } from "./quantity.js";
import type { Story } from "./story.js";
import type { Share, Tale } from "./tale.js";

/** Phrasings of a fact, and the line of the calculation that it brings. */
export interface Fact {
  says: string[];
  line: Line;
}

export interface Pile {
  start(amount: Quantity): string[];
  /** The amount as so many groups of so many each. */
  startGroups?(groups: Quantity, each: Quantity): Fact;
  gains?: ((amount: Quantity) => string[])[];
  groupGains?: ((groups: Quantity, each: Quantity) => Fact)[];
  losses?: ((amount: Quantity) => string[])[];
  groupLosses?: ((groups: Quantity, each: Quantity) => Fact)[];
  /** A fraction leaves; the line is that of what leaves. */
  shareLosses?: ((share: Share) => Fact)[];
  /** `factor` is "twice", "3 times". */
  growths?: ((factor: string) => Fact)[];
  /** Lines of the amount after it rose, and after it fell. */
  more: Line;
  fewer: Line;
  /** Asks for the amount at the end. */
  ask: string[];
  /** Asks for what left in all. */
  askGone?: { line: Line; asks: string[] };
  /** What is done with the amount at the end, at a number for each. */
  multiplied?: (each: Quantity) => Fact & { asks: string[] };
  divided?: (parts: Quantity) => Fact & { asks: string[] };
  /** Asks how much is missing to a number above the amount. */
  missing?: (wanted: Quantity) => Fact & { asks: string[] };
}

interface State {
  amount: Quantity;
  gone: Quantity[];
}

interface Event {
  numSteps: number;
  happen(state: State): State;
}

function events(tale: Tale, pile: Pile): Event[] {
  const rise = ({ amount, gone }: State, by: Quantity): State => ({ amount: tale.sum(pile.more, amount, by), gone });
  const fall = ({ amount, gone }: State, by: Quantity): State => ({
    amount: tale.difference(pile.fewer, amount, by),
    gone: [...gone, by],
  });
  const groups = ({ says, line }: Fact, count: Quantity, each: Quantity): Quantity => {
    tale.say(...says);
    return tale.product(line, count, each);
  };
  const gains = (pile.gains ?? []).map((says) => ({
    numSteps: 1,
    happen: (state: State) => {
      const by = tale.medium();
      tale.say(...says(by));
      return rise(state, by);
    },
  }));
  const losses = (pile.losses ?? []).map((says) => ({
    numSteps: 1,
    happen: (state: State) => {
      const by = tale.below(state.amount);
      tale.say(...says(by));
      return fall(state, by);
    },
  }));
  const grouped = (facts: Pile["groupGains"], change: typeof rise) =>
    (facts ?? []).map((fact) => ({
      numSteps: 2,
      happen: (state: State) => {
        const [count, each] = [tale.small(), tale.small()];
        return change(state, groups(fact(count, each), count, each));
      },
    }));
  const shares = (pile.shareLosses ?? []).map((fact) => ({
    numSteps: 2,
    happen: (state: State) => {
      const share = tale.share(state.amount);
      const { says, line } = fact(share);
      tale.say(...says);
      return fall(state, share.of(line));
    },
  }));
  const growths = (pile.growths ?? []).map((fact) => ({
    numSteps: 1,
    happen: ({ amount, gone }: State) => {
      const factor = tale.state(tale.random.integer(2, 4));
      const { says, line } = fact(factor.value === 2 ? "twice" : `${factor} times`);
      tale.say(...says);
      return { amount: tale.product(line, amount, factor), gone };
    },
  }));
  return [
    ...gains,
    ...losses,
    ...grouped(pile.groupGains, rise),
    ...grouped(pile.groupLosses, fall),
    ...shares,
    ...growths,
  ];
}

function begin(tale: Tale, pile: Pile): State {
  if (pile.startGroups !== undefined && tale.random.chance(40)) {
    const [groups, each] = [tale.small(), tale.small()];
    const { says, line } = pile.startGroups(groups, each);
    tale.say(...says);
    return { amount: tale.product(line, groups, each), gone: [] };
  }
  const amount = tale.medium();
  tale.say(...pile.start(amount));
  return { amount, gone: [] };
}

/** A calculation that the question adds to the amount at the end. */
function close(tale: Tale, pile: Pile, amount: Quantity): void {
  const [number, kind] = tale.random.pick([
    ...(pile.multiplied ? [[() => tale.small(), "multiplied"] as const] : []),
    ...(pile.divided ? [[() => tale.divisor(amount), "divided"] as const] : []),
    ...(pile.missing
      ? [[() => tale.state(amount.value + tale.random.integer(...tale.size.medium)), "missing"] as const]
      : []),
  ]);
  const other = number();
  const { says, line, asks } = (pile[kind] as NonNullable<Pile["divided"]>)(other);
  tale.say(...says);
  const answer =
    kind === "multiplied"
      ? tale.product(line, amount, other)
      : kind === "divided"
        ? tale.quotient(line, amount, other)
        : tale.difference(line, other, amount);
  tale.ask(answer, ...asks);
}

export function pileStory(kind: string, makePile: (tale: Tale) => Pile): Story {
  const tell = (tale: Tale): void => {
    const pile = makePile(tale);
    const canClose = pile.multiplied ?? pile.divided ?? pile.missing;
    const asksGone = pile.askGone !== undefined && tale.random.chance(15);
    const closes = !asksGone && canClose !== undefined && tale.random.chance(45);
    const numSteps = tale.numSteps - (closes ? 1 : 0);
    let state = begin(tale, pile);
    const all = events(tale, pile);
    let last: Event | undefined;
    const goneIn = ({ gone }: State) => (gone.length < 2 ? undefined : tale.sum(pile.askGone?.line ?? "#", ...gone));
    const stepsIn = (now: State) => (asksGone ? (goneIn(now)?.numSteps ?? 0) : now.amount.numSteps);
    while (stepsIn(state) < numSteps && tale.fits) {
      const open = all.filter((event) => event !== last && (asksGone || stepsIn(state) + event.numSteps <= numSteps));
      if (open.length === 0) return;
      last = tale.random.pick(open);
      state = last.happen(state);
    }
    const gone = asksGone ? goneIn(state) : undefined;
    if (gone !== undefined) tale.ask(gone, ...(pile.askGone?.asks ?? []));
    else if (closes) close(tale, pile, state.amount);
    else tale.ask(state.amount, ...pile.ask);
  };
  return { kind, tell };
}
