/** A way in legs: by car, by bike, on foot; how far, how far still, how long. */
import type { Quantity } from "../quantity.js";
import type { Story } from "../story.js";
import type { Tale } from "../tale.js";

function leg(tale: Tale, who: string, verb: string): Quantity {
  if (!tale.happens(65)) {
    const way = tale.medium();
    tale.say(`${who} ${verb} ${way} km.`, `Then ${who} ${verb} ${way} km to a city.`);
    return way;
  }
  const [hours, speed] = [tale.small(), tale.small()];
  tale.say(
    `${who} ${verb} ${speed} km an hour for ${hours} hours.`,
    `For ${hours} hours ${who} ${verb} ${speed} km an hour.`,
    `${who} ${verb} ${hours} hours at ${speed} km an hour.`,
  );
  return tale.product(`In ${hours} hours that is # km.`, hours, speed);
}

const ends = ["far", "cost", "far", "back", "left", "hours"] as const;

/** What is asked when the legs are added up. Who went back part of the way is asked how far or how dear that was. */
function end(tale: Tale, who: string, way: Quantity, wentBack: boolean): void {
  switch (tale.random.pick(ends.slice(0, wentBack ? 2 : ends.length))) {
    case "far":
      tale.ask(way, `How many km does ${who} go in all?`, `How many km does ${who} do in all?`);
      break;
    case "back": {
      tale.say(`Then ${who} takes the same way back.`, `${who} comes home the same way.`);
      const both = tale.product("Both ways are # km.", way, tale.state(2));
      tale.ask(both, `How many km does ${who} go in all?`, "How many km is that both ways?");
      break;
    }
    case "left": {
      const whole = tale.state(way.value + tale.random.integer(...tale.size.medium));
      tale.mention(`The whole way is ${whole} km.`, `${who} wants to go ${whole} km.`);
      const left = tale.difference("There are # km left.", whole, way);
      tale.ask(left, `How many km does ${who} still have to go?`, "How many km are left?");
      break;
    }
    case "hours": {
      const speed = tale.divisor(way);
      tale.say(`Back home ${who} does ${speed} km an hour on the same way.`);
      const hours = tale.quotient("It takes # hours.", way, speed);
      tale.ask(hours, "How many hours does the way back take?");
      break;
    }
    case "cost": {
      const price = tale.small();
      tale.mention(`A km costs ${price} dollars.`);
      const cost = tale.product("It costs # dollars.", way, price);
      tale.ask(cost, "How many dollars does the trip cost?");
      break;
    }
  }
}

function tell(tale: Tale): void {
  const [who, verb] = [tale.name(), tale.random.pick(["rides", "walks", "runs", "drives"])];
  let way = leg(tale, who, verb);
  for (let count = tale.random.integer(0, tale.numSteps > 4 ? 3 : 1); count > 0; count--) {
    way = tale.sum("Together that is # km.", way, leg(tale, who, verb));
  }
  const goesBack = tale.happens(35);
  if (goesBack) {
    const share = tale.share(way);
    tale.say(`Then ${who} goes back ${share.words} of the way.`, `${who} takes ${share.words} of the way back.`);
    const back = share.of("The way back is # km.");
    if (tale.random.chance(50)) {
      const away = tale.difference(`${who} is # km away.`, way, back);
      tale.ask(away, `How many km from the start is ${who} now?`);
      return;
    }
    way = tale.sum("Together that is # km.", way, back);
  }
  end(tale, who, way, goesBack);
}

export const trip: Story = { kind: "trip", tell };
