/** Wages: hours, days, tips, tax and what is left. */
import type { Quantity } from "../quantity.js";
import type { Story } from "../story.js";
import type { Tale } from "../tale.js";

function tell(tale: Tale): void {
  const worker = tale.name();
  const [hours, wage] = [tale.small(), tale.small()];
  let money: Quantity;
  if (tale.happens(65)) {
    const days = tale.small();
    tale.say(
      `${worker} works ${hours} hours a day for ${wage} dollars an hour.`,
      `For ${wage} dollars an hour ${worker} works ${hours} hours every day.`,
    );
    tale.say(`${worker} works ${days} days.`, `That goes on for ${days} days.`);
    money = tale.product(
      `In ${days} days that is # dollars.`,
      tale.product("A day brings # dollars.", hours, wage),
      days,
    );
  } else {
    tale.say(
      `${worker} works ${hours} hours for ${wage} dollars an hour.`,
      `For ${wage} dollars an hour ${worker} works ${hours} hours.`,
    );
    money = tale.product("The work brings # dollars.", hours, wage);
  }
  const asks = [`How many dollars does ${worker} have in the end?`, `How much money is left for ${worker}?`];
  const all = ["tip", "tax", "rent", "gift", "food"] as const;
  for (const event of tale.random.several(
    all,
    tale.random.integer(tale.numSteps > 4 ? 1 : 0, tale.numSteps > 4 ? 4 : 2),
  )) {
    switch (event) {
      case "tip": {
        const tip = tale.medium();
        tale.say(`${worker} also gets ${tip} dollars from a friend.`, `There are ${tip} dollars on top.`);
        money = tale.sum(`${worker} now has # dollars.`, money, tip);
        break;
      }
      case "gift": {
        const [weeks, each] = [tale.small(), tale.small()];
        tale.say(`${worker} also saved ${each} dollars a week for ${weeks} weeks.`);
        money = tale.sum(
          `${worker} now has # dollars.`,
          money,
          tale.product(`${worker} saved # dollars.`, weeks, each),
        );
        break;
      }
      case "tax": {
        const share = tale.share(money);
        tale.say(`${worker} pays ${share.words} of the money as tax.`, `Of all the money ${share.words} is tax.`);
        money = tale.difference(`${worker} has # dollars left.`, money, share.of("The tax is # dollars."));
        break;
      }
      case "rent": {
        const rent = tale.below(money);
        tale.say(`${worker} pays ${rent} dollars for a room.`, `A room costs ${worker} ${rent} dollars.`);
        money = tale.difference(`${worker} has # dollars left.`, money, rent);
        break;
      }
      case "food": {
        const [days, each] = [tale.small(), tale.small()];
        tale.say(`For ${days} days ${worker} spends ${each} dollars a day for food.`);
        const food = tale.product("Food costs # dollars.", days, each);
        money = tale.difference(`${worker} has # dollars left.`, money, food);
        break;
      }
    }
  }
  tale.ask(money, ...asks);
}

export const work: Story = { kind: "work", tell };
