/** A problem in the making: sentences, the quantities behind them, and what could be asked. */
import type { Size } from "./difficulty.js";
import { calculation, type Fraction, fractions } from "./fraction.js";
import { type Line, Quantity } from "./quantity.js";
import type { Random } from "./random.js";
import { names } from "./words.js";

export interface Question {
  text: string;
  asked: Quantity;
}

/** A fraction of a quantity, as the text says it ("25%"), and what it comes to. */
export interface Share {
  words: string;
  of(line: Line): Quantity;
}

/** A sentence may begin with a fraction in words. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export class Tale {
  readonly sentences: string[] = [];
  readonly questions: Question[] = [];
  readonly stated: Quantity[] = [];
  /** False once a number came out broken, too large or below 2 (texts have plurals): the story is to be told anew. */
  fits = true;
  #names: string[] | undefined;

  constructor(
    readonly random: Random,
    readonly size: Size,
    /** How many calculations the answer shall take; a story may miss it, and is then told anew. */
    readonly numSteps: number,
  ) {}

  /** Whether something optional happens that brings a calculation: more often in a long story, seldom in a short one. */
  happens(percent: number): boolean {
    return this.random.chance(this.numSteps >= 5 ? (100 + percent) / 2 : this.numSteps === 2 ? percent / 2 : percent);
  }

  /** A name that nobody in this story has yet. */
  name(): string {
    this.#names ??= this.random.several(names, names.length);
    return this.#names.pop() as string;
  }

  /** Adds a sentence, in one of its phrasings. */
  say(...phrasings: string[]): void {
    this.sentences.push(sentence(this.random.pick(phrasings)));
  }

  /** Adds a fact that holds whenever it is told, somewhere after the first sentence. */
  mention(...phrasings: string[]): void {
    const place = this.random.integer(Math.min(1, this.sentences.length), this.sentences.length);
    this.sentences.splice(place, 0, sentence(this.random.pick(phrasings)));
  }

  /** One of the questions the story could end with. */
  ask(asked: Quantity, ...phrasings: string[]): void {
    this.questions.push({ text: this.random.pick(phrasings), asked });
  }

  /** A number that the text states; what is stated has to be said by the caller. */
  state(value: number): Quantity {
    const quantity = new Quantity(value);
    this.stated.push(quantity);
    this.#check(value);
    return quantity;
  }

  small(): Quantity {
    return this.state(this.random.integer(...this.size.small));
  }

  medium(): Quantity {
    return this.state(this.random.integer(...this.size.medium));
  }

  /** At least 2, and at least 2 below the quantity; no larger than an amount of this size. */
  below({ value }: Quantity): Quantity {
    return this.state(this.random.integer(2, Math.max(2, Math.min(value - 2, this.size.medium[1]))));
  }

  /** A divisor of the quantity, above 1 and below 13, that leaves at least 2. */
  divisor({ value }: Quantity): Quantity {
    const divisors = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12].filter((one) => value % one === 0 && value / one >= 2);
    if (divisors.length === 0) this.fits = false;
    return this.state(divisors.length === 0 ? 2 : this.random.pick(divisors));
  }

  sum(line: Line, ...parts: Quantity[]): Quantity {
    const value = parts.reduce((total, part) => total + part.value, 0);
    return this.#compute(line, parts.join(" + "), value, parts);
  }

  difference(line: Line, from: Quantity, taken: Quantity): Quantity {
    return this.#compute(line, `${from} - ${taken}`, from.value - taken.value, [from, taken]);
  }

  product(line: Line, first: Quantity, second: Quantity): Quantity {
    return this.#compute(line, `${first} * ${second}`, first.value * second.value, [first, second]);
  }

  quotient(line: Line, whole: Quantity, parts: Quantity): Quantity {
    return this.#compute(line, `${whole} / ${parts}`, whole.value / parts.value, [whole, parts]);
  }

  /** A fraction of the quantity that is a whole number, at least 2, and leaves at least 2. */
  share(whole: Quantity): Share {
    const fitting = fractions.filter(({ numerator, denominator }) => {
      const part = (whole.value / denominator) * numerator;
      return whole.value % denominator === 0 && part >= 2 && whole.value - part >= 2;
    });
    if (fitting.length === 0) this.fits = false;
    const fraction = fitting.length === 0 ? (fractions[0] as Fraction) : this.random.pick(fitting);
    const value = (whole.value / fraction.denominator) * fraction.numerator;
    return {
      words: this.random.pick(fraction.words),
      of: (line) => this.#compute(line, calculation(whole.value, fraction), value, [whole]),
    };
  }

  #compute(line: Line, expression: string, value: number, inputs: Quantity[]): Quantity {
    this.#check(value);
    return new Quantity(
      value,
      line.replace("#", () => `${expression} = ${value}`),
      inputs,
    );
  }

  #check(value: number): void {
    if (!Number.isInteger(value) || value < 2 || value > this.size.limit) this.fits = false;
  }
}
