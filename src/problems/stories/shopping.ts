/** Somebody buys several kinds of things; the question is about the sum, a lower price, or the money left. */
import type { Quantity } from "../quantity.js";
import type { Story } from "../story.js";
import type { Tale } from "../tale.js";
import { fruits, goods } from "../words.js";

function purchase(tale: Tale, buyer: string, things: string): Quantity {
  const price = tale.small();
  if (tale.random.chance(20)) {
    tale.say(`${buyer} pays ${price} dollars for a bag.`, `A bag costs ${buyer} ${price} dollars.`);
    return price;
  }
  const count = tale.small();
  tale.say(
    `${buyer} buys ${count} ${things} for ${price} dollars each.`,
    `${buyer} buys ${count} ${things}, and each costs ${price} dollars.`,
    `One of the ${things} costs ${price} dollars, and ${buyer} buys ${count}.`,
  );
  return tale.product(`The ${things} cost # dollars.`, count, price);
}

function tell(tale: Tale): void {
  const buyer = tale.name();
  const count = tale.random.integer(1, tale.numSteps > 4 ? 4 : 3);
  const kinds = tale.random.several([...goods.filter((one) => one !== "bags"), ...fruits], count);
  const costs = kinds.map((things) => purchase(tale, buyer, things));
  let cost = costs[0] as Quantity;
  for (const other of costs.slice(1)) cost = tale.sum("Together that is # dollars.", cost, other);
  const asks = [`How many dollars does ${buyer} pay?`, `How much does ${buyer} pay in all?`];
  if (tale.happens(35)) {
    const share = tale.share(cost);
    if (tale.random.chance(50)) {
      tale.say(`The shop takes ${share.words} off.`, `Today the price is ${share.words} lower.`);
      cost = tale.difference(`${buyer} pays # dollars.`, cost, share.of("The price falls by # dollars."));
    } else {
      tale.say(`A friend pays ${share.words} of the price.`);
      cost = tale.difference(`${buyer} pays # dollars.`, cost, share.of("The friend pays # dollars."));
    }
  }
  if (!tale.random.chance(50)) {
    tale.ask(cost, ...asks);
    return;
  }
  const money = tale.state(cost.value + tale.random.integer(...tale.size.medium));
  tale.mention(`${buyer} has ${money} dollars.`, `${buyer} pays with ${money} dollars.`);
  const left = tale.difference(`${buyer} has # dollars left.`, money, cost);
  tale.ask(left, `How many dollars does ${buyer} have left?`, `How many dollars does ${buyer} get back?`);
}

export const shopping: Story = { kind: "shopping", tell };
