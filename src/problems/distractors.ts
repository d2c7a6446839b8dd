/** Facts with a number that no question of ours needs. */
import type { Tale } from "./tale.js";

/** A sentence about somebody or something the story does not turn on. */
export function distractor({ random, size }: Tale, name: string): string {
  const some = random.integer(...size.medium);
  const few = random.integer(...size.small);
  return random.pick([
    `${name} is ${some} years old.`,
    `${name} has ${few} friends.`,
    `${name} lives ${some} km away.`,
    `${name} had ${few} apples for lunch.`,
    `${name} walks ${few} km every day.`,
    `It is a day with ${few} hours of rain.`,
    `The street is ${some} m long.`,
    `There are ${few} chairs in the room.`,
    `${name} slept ${few} hours.`,
    `${name} has a dog that is ${few} years old.`,
  ]);
}
