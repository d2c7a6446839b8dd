/**
 * The value of an expression in complex doubles, its symbols replaced by numbers. What has no value (an unknown function,
 * an infinite sum) gets one that is the same for equal expressions and differs for others, and is linear in the body.
 */
import { type BigOperatorNode, type Node, some } from "./ast.js";
import type { Complex } from "./complex.js";
import * as c from "./complex.js";
import { termRange } from "./evaluate_exact.js";
import { toNumber } from "./rational.js";

export type Point = ReadonlyMap<string, Complex>;

const nowhere: Point = new Map();
const radiansPerDegree = Math.PI / 180;

export function evaluateComplex(node: Node, point: Point = nowhere, degree = 1): Complex {
  const value = (inner: Node): Complex => evaluateComplex(inner, point, degree);
  switch (node.kind) {
    case "number":
      return c.complex(toNumber(node.value));
    case "symbol":
      return point.get(node.name) ?? c.nan;
    case "word":
      return point.get(node.text) ?? c.nan;
    case "constant":
      if (node.name === "pi") return c.complex(Math.PI);
      if (node.name === "e") return c.complex(Math.E);
      return node.name === "i" ? c.imaginaryUnit : c.nan;
    case "add":
      return node.terms.reduce((total, term) => c.add(total, value(term)), c.complex(0));
    case "multiply":
      return node.factors.reduce((total, factor) => c.multiply(total, value(factor)), c.complex(1));
    case "divide":
      return c.divide(value(node.top), value(node.bottom));
    case "negate":
      return c.negate(value(node.of));
    case "power":
      return c.power(value(node.base), value(node.exponent));
    case "percent":
      return c.scale(value(node.of), 0.01);
    case "degrees":
      return c.scale(value(node.of), degree);
    case "bracket":
      return node.items.length === 1 && node.open !== "{" ? value(node.items[0] as Node) : c.nan;
    case "ratio":
      return node.items.length === 2 ? c.divide(value(node.items[0] as Node), value(node.items[1] as Node)) : c.nan;
    case "apply":
      return applyComplex(node.name, node.args, point, degree);
    case "bigOperator":
      return evaluateBigOperator(node, point, degree);
    case "based":
    case "matrix":
    case "namedSet":
    case "plusMinus":
    case "setOperation":
    case "such":
    case "relation":
    case "list":
      return c.nan;
  }
}

const circular = /^(?:sin|cos|tan|cot|sec|csc)$/;

function applyComplex(name: string, args: Node[], point: Point, degree: number): Complex {
  const first = args[0];
  if (!first) return c.nan;
  const inner = circular.test(name) && some(first, (node) => node.kind === "degrees") ? radiansPerDegree : degree;
  const values = args.map((arg) => evaluateComplex(arg, point, inner));
  const [x = c.nan, y] = values;
  const known = values.length === 1 ? c.functions.get(name) : undefined;
  if (known) return known(x);
  switch (name) {
    case "log":
      return c.divide(c.ln(x), y ? c.ln(y) : c.complex(Math.LN10));
    case "root":
      return y ? c.root(x, y) : c.nan;
    case "binomial":
      return y ? c.complex(c.gamma(x.re + 1) / (c.gamma(y.re + 1) * c.gamma(x.re - y.re + 1))) : c.nan;
    case "max":
    case "min":
      return values.every((v) => v.im === 0)
        ? c.complex((name === "max" ? Math.max : Math.min)(...values.map((v) => v.re)))
        : c.nan;
    case "pmod":
    case "det":
      return c.nan;
    default:
      return opaque(name, values);
  }
}

/** A value for a function nobody defined: depends on its name and, smoothly, on its arguments. */
function opaque(name: string, values: readonly Complex[]): Complex {
  let weight = 0;
  for (const character of name) weight = (weight * 31 + character.charCodeAt(0)) % 9973;
  return values.reduce(
    (total, value, index) => c.add(total, c.sin(c.add(c.scale(value, 0.7 + index / 3), c.complex(weight / 1000)))),
    c.complex(weight / 1009),
  );
}

function evaluateBigOperator(node: BigOperatorNode, point: Point, degree: number): Complex {
  const variable = node.variable;
  const bodyAt = (value: Complex): Complex =>
    evaluateComplex(node.body, variable === undefined ? point : new Map(point).set(variable, value), degree);
  const range = termRange(node, new Map());
  if (range && !some(node.body, (inner) => inner.kind === "bigOperator")) {
    let total = c.complex(node.name === "sum" ? 0 : 1);
    for (let k = range.from; k <= range.to; k += 1n) {
      const term = bodyAt(c.complex(Number(k)));
      total = node.name === "sum" ? c.add(total, term) : c.multiply(total, term);
    }
    return total;
  }
  const bound = (inner: Node | undefined, otherwise: number): Complex => {
    if (!inner) return c.complex(otherwise);
    const value = evaluateComplex(inner, point, degree);
    return c.hasValue(value) ? value : c.complex(otherwise + (inner.kind === "negate" ? 0.17 : 0.31));
  };
  if (node.name === "integral" && node.lower && node.upper) {
    const [from, to] = [evaluateComplex(node.lower, point, degree), evaluateComplex(node.upper, point, degree)];
    if (c.hasValue(from) && c.hasValue(to) && variable !== undefined) return integral(from, to, bodyAt);
  }
  const weight = opaque(node.name, [bound(node.lower, 3.1), bound(node.upper, 5.7)]);
  const samples = c.add(bodyAt(c.complex(1.37)), c.scale(bodyAt(c.complex(2.71)), 0.43));
  return c.multiply(weight, samples);
}

const nodes = [0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717];
const weights = [0.2955242247147529, 0.2692667193099963, 0.219086362515982, 0.1494513491505806, 0.0666713443086881];

/** Gauss-Legendre on 8 panels of 10 points: exact to rounding for the smooth integrands of answers. */
function integral(from: Complex, to: Complex, bodyAt: (x: Complex) => Complex): Complex {
  const panels = 8;
  const half = c.scale(c.subtract(to, from), 0.5 / panels);
  let total = c.complex(0);
  for (let panel = 0; panel < panels; panel += 1) {
    const middle = c.add(from, c.scale(half, 2 * panel + 1));
    for (const [k, node] of nodes.entries()) {
      const offset = c.scale(half, node);
      const pair = c.add(bodyAt(c.add(middle, offset)), bodyAt(c.subtract(middle, offset)));
      total = c.add(total, c.scale(pair, weights[k] as number));
    }
  }
  return c.multiply(total, half);
}
