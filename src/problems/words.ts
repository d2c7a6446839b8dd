/** The people and things of the stories. Few and short: a small model has a small vocabulary. */

export const names = [
  "Mia",
  "Leo",
  "Ann",
  "Ben",
  "Eva",
  "Tom",
  "Ida",
  "Max",
  "Zoe",
  "Sam",
  "Nora",
  "Omar",
  "Rosa",
  "Ivan",
  "Yuki",
  "Kofi",
  "Lena",
  "Hugo",
  "Ravi",
  "Mei",
] as const;

export const goods = ["pens", "books", "cups", "toys", "balls", "hats", "lamps", "bags"] as const;
export const treasures = ["cards", "stickers", "coins", "shells", "stamps", "stones"] as const;
export const fruits = ["apples", "pears", "plums", "lemons", "melons", "oranges"] as const;
export const pastries = ["cakes", "rolls", "cookies", "pies"] as const;
export const plants = ["roses", "tulips", "beans", "trees"] as const;
