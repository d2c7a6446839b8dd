/** So much for one cake, so many cakes; what is there, what is missing, what it costs. */
import type { Quantity } from "../quantity.js";
import type { Story } from "../story.js";
import type { Tale } from "../tale.js";

function needs(tale: Tale, cook: string): [Quantity, string] {
  const dish = tale.random.pick(["cake", "pie", "soup"]);
  const things = tale.random.pick(["eggs", "apples", "lemons", "nuts"]);
  const [each, count] = [tale.small(), tale.small()];
  tale.say(`A ${dish} needs ${each} ${things}.`, `It takes ${each} ${things} to make a ${dish}.`);
  tale.say(`${cook} makes ${count} ${dish}s.`, `${cook} wants to make ${count} ${dish}s.`);
  let all = tale.product(`They need # ${things}.`, count, each);
  if (tale.happens(40)) {
    const [other, more] = [tale.small(), tale.small()];
    tale.say(`For ${other} rolls ${more} ${things} each are needed too.`);
    all = tale.sum(`Together that is # ${things}.`, all, tale.product(`The rolls need # ${things}.`, other, more));
  }
  if (tale.happens(30)) {
    const guests = tale.state(tale.random.integer(2, 4));
    const factor = guests.value === 2 ? "twice" : `${guests} times`;
    tale.say(`Since friends come, ${cook} makes ${factor} as much of all.`);
    all = tale.product(`Now it takes # ${things}.`, all, guests);
  }
  return [all, things];
}

function tell(tale: Tale): void {
  const cook = tale.name();
  let [wanted, things] = needs(tale, cook);
  if (tale.happens(65)) {
    if (tale.happens(60)) {
      const there = tale.below(wanted);
      tale.say(`${cook} has ${there} ${things} at home.`, `At home there are ${there} ${things}.`);
      wanted = tale.difference(`${cook} has to buy # ${things}.`, wanted, there);
    } else {
      const share = tale.share(wanted);
      tale.say(`${cook} has ${share.words} of all these ${things} at home.`);
      wanted = tale.difference(`${cook} has to buy # ${things}.`, wanted, share.of(`At home are # ${things}.`));
    }
  }
  const asks = [`How many ${things} does ${cook} have to buy?`, `How many ${things} does ${cook} buy?`];
  if (!tale.happens(60)) {
    tale.ask(wanted, ...asks);
    return;
  }
  if (tale.random.chance(50)) {
    const price = tale.small();
    tale.mention(`One of the ${things} costs ${price} dollars.`, `The ${things} cost ${price} dollars each.`);
    const cost = tale.product(`${cook} pays # dollars.`, wanted, price);
    tale.ask(cost, `How many dollars does ${cook} pay?`);
    return;
  }
  const each = tale.divisor(wanted);
  tale.mention(`The ${things} come in bags of ${each}.`, `A bag holds ${each} ${things}.`);
  const bags = tale.quotient(`${cook} buys # bags.`, wanted, each);
  if (tale.random.chance(50)) {
    tale.ask(bags, `How many bags does ${cook} have to buy?`);
    return;
  }
  const price = tale.small();
  tale.mention(`A bag costs ${price} dollars.`);
  const cost = tale.product(`${cook} pays # dollars.`, bags, price);
  tale.ask(cost, `How many dollars does ${cook} pay?`);
}

export const recipe: Story = { kind: "recipe", tell };
