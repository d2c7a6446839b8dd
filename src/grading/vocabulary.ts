/** The names the tokeniser and the parser know: functions, Greek letters, units, separators. */

/** Functions of one argument written before it, by the name they have in LaTeX or in plain text. */
export const functionNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    sin: "sin",
    cos: "cos",
    tan: "tan",
    tg: "tan",
    cot: "cot",
    ctg: "cot",
    sec: "sec",
    csc: "csc",
    cosec: "csc",
    arcsin: "arcsin",
    arccos: "arccos",
    arctan: "arctan",
    arctg: "arctan",
    arccot: "arccot",
    arcsec: "arcsec",
    arccsc: "arccsc",
    asin: "arcsin",
    acos: "arccos",
    atan: "arctan",
    sinh: "sinh",
    cosh: "cosh",
    tanh: "tanh",
    coth: "coth",
    ln: "ln",
    log: "log",
    lg: "log",
    exp: "exp",
    det: "det",
    Re: "Re",
    Im: "Im",
    abs: "abs",
    floor: "floor",
    ceil: "ceil",
    gcd: "gcd",
    lcm: "lcm",
    max: "max",
    min: "min",
    arg: "arg",
  }),
);

/** Names that read as one letter: in LaTeX with a backslash, in plain text as a whole word. */
export const letterNames: ReadonlySet<string> = new Set(
  (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho varrho sigma tau " +
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi Omega ell hbar aleph"
  ).split(" "),
);

/** A unit and what it measures in: two known units that differ are not interchangeable. */
const unitSpellings: Record<string, string> = {
  millimeter: "mm mm. millimeter millimeters millimetre millimetres",
  centimeter: "cm cm. cms centimeter centimeters centimetre centimetres",
  decimeter: "dm decimeter decimeters",
  meter: "m m. meter meters metre metres",
  kilometer: "km kms kilometer kilometers kilometre kilometres kph kmh",
  inch: "in in. inch inches",
  foot: "ft ft. foot feet",
  yard: "yd yds yard yards",
  mile: "mi mile miles mph",
  milligram: "mg milligram milligrams",
  gram: "g gram grams",
  kilogram: "kg kgs kilogram kilograms",
  ton: "ton tons tonne tonnes",
  ounce: "oz ounce ounces",
  pound: "lb lbs pound pounds",
  milliliter: "ml mL milliliter milliliters",
  liter: "l L liter liters litre litres",
  gallon: "gal gallon gallons",
  second: "s sec secs second seconds",
  minute: "min mins minute minutes",
  hour: "h hr hrs hour hours",
  day: "day days",
  week: "week weeks",
  month: "month months",
  year: "yr yrs year years",
  dollar: "dollar dollars usd USD bucks",
  cent: "cent cents",
  euro: "euro euros eur EUR",
  degree: "degree degrees deg",
  radian: "rad radian radians",
  percent: "percent pct percents",
  joule: "J joule joules",
  watt: "W watt watts",
  newton: "N newton newtons",
  volt: "V volt volts",
  hertz: "Hz hertz",
  celsius: "celsius",
  fahrenheit: "fahrenheit",
  "before noon": "am AM",
  "after noon": "pm PM",
};

const unitBySpelling: ReadonlyMap<string, string> = new Map(
  Object.entries(unitSpellings).flatMap(([unit, spellings]) => spellings.split(" ").map((word) => [word, unit])),
);

/** The unit a word means, or undefined. Single letters count only where the text marks them as a unit. */
export function unitOf(word: string): string | undefined {
  return unitBySpelling.get(word) ?? (word.length > 2 ? unitBySpelling.get(word.toLowerCase()) : undefined);
}

/** Words that only qualify a quantity and never change it. */
export const fillerWords: ReadonlySet<string> = new Set(
  (
    "a an the of in on at is are was be will equals equal about approximately approx around exactly only total totals just " +
    "roughly nearly each per square cubic sq cu squared cubed unit units answer value result final so thus therefore " +
    "hence there we get gets have has it its this that would should must can all real numbers number"
  ).split(" "),
);

/** English words of at most three letters that are not products of symbols. */
export const shortWords: ReadonlySet<string> = new Set(
  (
    "is are was be of to in on at by no yes the for its it we he she all any one two six ten not but so as an if odd even " +
    "red day man men boy dog cat box bag per each non nor"
  ).split(" "),
);

const smallNumbers = (
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
  "eighteen nineteen twenty"
).split(" ");
const tens = "thirty forty fifty sixty seventy eighty ninety hundred".split(" ");

/** The integer a number word spells, from zero to a hundred in the words that are one word. */
export function numberOfWord(word: string): number | undefined {
  const lower = word.toLowerCase();
  const small = smallNumbers.indexOf(lower);
  if (small >= 0) return small;
  const ten = tens.indexOf(lower);
  return ten >= 0 ? 30 + 10 * ten : undefined;
}
