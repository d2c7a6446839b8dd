/** Several people, each compared with one before: more, fewer, times as many, a part of it. */
import type { Quantity } from "../quantity.js";
import type { Story } from "../story.js";
import type { Tale } from "../tale.js";
import { fruits, goods, treasures } from "../words.js";

interface Person {
  name: string;
  amount: Quantity;
}

function next(tale: Tale, things: string, than: Person): Person {
  const name = tale.name();
  const line = `${name} has # ${things}.`;
  switch (tale.random.pick(["more", "fewer", "times", "part"] as const)) {
    case "more": {
      const by = tale.medium();
      tale.say(
        `${name} has ${by} more ${things} than ${than.name}.`,
        `${name} has ${by} ${things} more than ${than.name}.`,
      );
      return { name, amount: tale.sum(line, than.amount, by) };
    }
    case "fewer": {
      const by = tale.below(than.amount);
      tale.say(
        `${name} has ${by} fewer ${things} than ${than.name}.`,
        `${than.name} has ${by} more ${things} than ${name}.`,
      );
      return { name, amount: tale.difference(line, than.amount, by) };
    }
    case "times": {
      const by = tale.state(tale.random.integer(2, 5));
      const factor = by.value === 2 ? "twice" : `${by} times`;
      tale.say(`${name} has ${factor} as many ${things} as ${than.name}.`);
      return { name, amount: tale.product(line, than.amount, by) };
    }
    case "part": {
      const share = tale.share(than.amount);
      tale.say(`${name} has ${share.words} as many ${things} as ${than.name}.`);
      return { name, amount: share.of(line) };
    }
  }
}

function tell(tale: Tale): void {
  const things = tale.random.pick([...goods, ...treasures, ...fruits]);
  const first: Person = { name: tale.name(), amount: tale.medium() };
  tale.say(`${first.name} has ${first.amount} ${things}.`, `${first.name} owns ${first.amount} ${things}.`);
  const people = [first];
  for (let count = tale.random.integer(Math.max(1, tale.numSteps - 2), tale.numSteps); count > 0; count--) {
    people.push(next(tale, things, tale.random.pick(people.slice(-2))));
  }
  // Who is compared with whom does not depend on the order in which it is told.
  if (tale.random.chance(40))
    tale.sentences.splice(0, Infinity, ...tale.random.several(tale.sentences, tale.sentences.length));
  const last = people.at(-1) as Person;
  tale.ask(last.amount, `How many ${things} does ${last.name} have?`);
  const [one, other] = tale.random.several(people, 2) as [Person, Person];
  const both = tale.sum(`Together that is # ${things}.`, one.amount, other.amount);
  tale.ask(both, `How many ${things} do ${one.name} and ${other.name} have together?`);
  const [high, low] = one.amount.value > other.amount.value ? [one, other] : [other, one];
  const apart = tale.difference(`${high.name} has # more.`, high.amount, low.amount);
  tale.ask(apart, `How many more ${things} does ${high.name} have than ${low.name}?`);
  if (people.length < 3 || people.length > 4) return;
  const all = tale.sum(`All have # ${things}.`, ...people.map(({ amount }) => amount));
  tale.ask(all, `How many ${things} do they all have together?`, `How many ${things} do they have in all?`);
}

export const compare: Story = { kind: "compare", tell };
