/** Classes, groups, and what every child needs. */
import type { Quantity } from "../quantity.js";
import type { Story } from "../story.js";
import type { Tale } from "../tale.js";
import { goods } from "../words.js";

/** What the children do; every kind of end adds one or two calculations. */
function end(tale: Tale, who: string, group: Quantity): void {
  const things = tale.random.pick(goods);
  switch (tale.random.pick(["count", "groups", "things", "boxes"] as const)) {
    case "count":
      tale.ask(
        group,
        who.endsWith(" left") ? `How many of the ${who.split(" ")[0]} are left?` : `How many ${who} are there?`,
      );
      break;
    case "groups": {
      const each = tale.divisor(group);
      tale.say(`The ${who} form groups of ${each}.`, `A room has seats for ${each} of the ${who}.`);
      const groups = tale.quotient("That makes # groups.", group, each);
      tale.ask(groups, `How many groups do the ${who} make?`);
      break;
    }
    case "things": {
      const each = tale.small();
      tale.say(`Each of the ${who} needs ${each} ${things}.`);
      const wanted = tale.product(`They need # ${things}.`, group, each);
      if (tale.random.chance(50)) {
        tale.ask(wanted, `How many ${things} do the ${who} need?`);
        return;
      }
      const there = tale.below(wanted);
      tale.say(`There are ${there} ${things} in the school.`);
      const missing = tale.difference(`They still need # ${things}.`, wanted, there);
      tale.ask(missing, `How many more ${things} do the ${who} need?`);
      break;
    }
    case "boxes": {
      const [boxes, each] = [tale.small(), tale.small()];
      tale.say(`The ${who} get ${boxes} boxes with ${each} ${things} each.`);
      const there = tale.product(`The boxes hold # ${things}.`, boxes, each);
      const [high, low] = there.value > group.value ? [there, group] : [group, there];
      const apart = tale.difference("The two differ by #.", high, low);
      const [many, few] = there.value > group.value ? [things, who] : [who, things];
      tale.ask(apart, `How many more ${many} than ${few} are there?`);
      break;
    }
  }
}

function tell(tale: Tale): void {
  let who = "children";
  let group: Quantity;
  if (tale.happens(60)) {
    const [classes, each] = [tale.small(), tale.small()];
    tale.say(
      `A school has ${classes} classes of ${each} children.`,
      `In ${classes} classes are ${each} children each.`,
    );
    group = tale.product("There are # children.", classes, each);
  } else {
    group = tale.medium();
    tale.say(`${group} children go to a school.`, `A school has ${group} children.`);
  }
  if (tale.random.chance(50)) {
    const by = tale.medium();
    tale.say(`Then ${by} more children come.`, `A class of ${by} children joins them.`);
    group = tale.sum("There are now # children.", group, by);
  }
  if (tale.happens(55)) {
    const share = tale.share(group);
    tale.say(`${share.words} of the children are girls.`, `Of all the children ${share.words} are girls.`);
    const girls = share.of("There are # girls.");
    [who, group] = tale.happens(35) ? ["girls", girls] : ["boys", tale.difference("There are # boys.", group, girls)];
  }
  if (tale.happens(35)) {
    const ill = tale.below(group);
    tale.say(`${ill} of the ${who} are ill.`, `${ill} of the ${who} go home.`);
    who = `${who} who are left`;
    group = tale.difference(`There are # ${who}.`, group, ill);
  }
  end(tale, who, group);
}

export const school: Story = { kind: "school", tell };
