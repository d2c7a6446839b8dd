/** A position in the tokens of an answer, and what the parser has met outside the expression: units and labels. */
import { maxDepth } from "./limits.js";
import { NotMathematics, type Token } from "./tokenise.js";

export class Cursor {
  position = 0;
  /** Open `|...|`: inside, a bar closes. */
  bars = 0;
  /** Open `<...>`: inside, `>` closes. */
  angles = 0;
  /** Open matrix cells: inside, `&` and `\\` end a cell. */
  cells = 0;
  /** Open integrals: inside, `dx` ends the body. */
  integrals = 0;
  /** Token index at which the left part of a set-builder ends. */
  stop = Number.POSITIVE_INFINITY;
  readonly units: string[] = [];
  readonly labels: string[] = [];
  private depth = 0;

  constructor(readonly tokens: readonly Token[]) {}

  peek(offset = 0): Token | undefined {
    const index = this.position + offset;
    return index >= this.stop ? undefined : this.tokens[index];
  }

  next(): Token {
    const token = this.peek();
    if (!token) throw new NotMathematics("ends too early");
    this.position += 1;
    return token;
  }

  get atEnd(): boolean {
    return this.peek() === undefined;
  }

  is(kind: Token["kind"], text: string, offset = 0): boolean {
    const token = this.peek(offset);
    return token !== undefined && token.kind === kind && token.text === text;
  }

  isSign(text: string, offset = 0): boolean {
    return this.is("sign", text, offset);
  }

  isCommand(text: string, offset = 0): boolean {
    return this.is("command", text, offset);
  }

  takeSign(text: string): boolean {
    if (!this.isSign(text)) return false;
    this.position += 1;
    return true;
  }

  takeCommand(...names: string[]): boolean {
    const token = this.peek();
    if (token?.kind !== "command" || !names.includes(token.text)) return false;
    this.position += 1;
    return true;
  }

  expectSign(text: string): void {
    if (!this.takeSign(text)) throw new NotMathematics(`expected ${text}, found ${this.peek()?.text ?? "the end"}`);
  }

  /** Runs `read` one level deeper; with fresh flags where a bracket hides what is outside of it. */
  nested<T>(read: () => T, fresh = false): T {
    this.depth += 1;
    if (this.depth > maxDepth) throw new NotMathematics("nested too deep");
    const { bars, angles, cells, integrals } = this;
    if (fresh) this.bars = this.angles = this.cells = this.integrals = 0;
    try {
      return read();
    } finally {
      this.depth -= 1;
      Object.assign(this, { bars, angles, cells, integrals });
    }
  }
}
