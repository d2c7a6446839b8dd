/** Every kind of story; each is as likely as the others. */
import type { Story } from "../story.js";
import { compare } from "./compare.js";
import { collection, reading, savings } from "./own.js";
import { bus, garden, library, tank } from "./places.js";
import { recipe } from "./recipe.js";
import { school } from "./school.js";
import { shopping } from "./shopping.js";
import { bakery, farm, fruitStand, shop } from "./trade.js";
import { trip } from "./trip.js";
import { work } from "./work.js";

export const stories: readonly Story[] = [
  ...[shop, bakery, fruitStand, farm, bus, library, garden, tank, savings, collection, reading],
  ...[shopping, trip, compare, work, recipe, school],
];
