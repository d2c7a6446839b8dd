/** Complex doubles and the functions of them that answers use. Principal branches; NaN where there is no value. */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const complex = (re: number, im = 0): Complex => ({ re, im });
export const nan: Complex = complex(Number.NaN, Number.NaN);
export const imaginaryUnit: Complex = complex(0, 1);

export const add = (a: Complex, b: Complex): Complex => complex(a.re + b.re, a.im + b.im);
export const subtract = (a: Complex, b: Complex): Complex => complex(a.re - b.re, a.im - b.im);
export const negate = (a: Complex): Complex => complex(-a.re, -a.im);
export const scale = (a: Complex, factor: number): Complex => complex(a.re * factor, a.im * factor);

export function multiply(a: Complex, b: Complex): Complex {
  if (a.im === 0 && b.im === 0) return complex(a.re * b.re);
  return complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
}

export function divide(a: Complex, b: Complex): Complex {
  if (b.re === 0 && b.im === 0) return nan;
  if (b.im === 0) return complex(a.re / b.re, a.im / b.re);
  const size = b.re * b.re + b.im * b.im;
  return complex((a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size);
}

export const magnitude = (a: Complex): number => (a.im === 0 ? Math.abs(a.re) : Math.hypot(a.re, a.im));
export const hasValue = (a: Complex): boolean => Number.isFinite(a.re) && Number.isFinite(a.im);

export function ln(a: Complex): Complex {
  const size = magnitude(a);
  return size === 0 ? nan : complex(Math.log(size), Math.atan2(a.im, a.re));
}

export function exp(a: Complex): Complex {
  const size = Math.exp(a.re);
  return a.im === 0 ? complex(size) : complex(size * Math.cos(a.im), size * Math.sin(a.im));
}

export function power(base: Complex, exponent: Complex): Complex {
  if (exponent.im === 0 && Number.isInteger(exponent.re) && Math.abs(exponent.re) <= 1024)
    return integerPower(base, exponent.re);
  if (base.re === 0 && base.im === 0) return exponent.re > 0 ? complex(0) : nan;
  if (base.im === 0 && exponent.im === 0 && base.re > 0) return complex(base.re ** exponent.re);
  return exp(multiply(exponent, ln(base)));
}

function integerPower(base: Complex, exponent: number): Complex {
  if (base.im === 0) return base.re === 0 && exponent < 0 ? nan : complex(base.re ** exponent);
  let result = complex(1);
  let square = base;
  for (let k = Math.abs(exponent); k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return exponent < 0 ? divide(complex(1), result) : result;
}

export function sqrt(a: Complex): Complex {
  if (a.im === 0) return a.re >= 0 ? complex(Math.sqrt(a.re)) : complex(0, Math.sqrt(-a.re));
  return power(a, complex(0.5));
}

/** The real root of a real number where there is one, else the principal root. */
export function root(a: Complex, index: Complex): Complex {
  const isOdd = index.im === 0 && Math.abs(index.re % 2) === 1;
  if (a.im === 0 && a.re < 0 && isOdd) return complex(-((-a.re) ** (1 / index.re)));
  return power(a, divide(complex(1), index));
}

export function sin(a: Complex): Complex {
  if (a.im === 0) return complex(Math.sin(a.re));
  return complex(Math.sin(a.re) * Math.cosh(a.im), Math.cos(a.re) * Math.sinh(a.im));
}

export function cos(a: Complex): Complex {
  if (a.im === 0) return complex(Math.cos(a.re));
  return complex(Math.cos(a.re) * Math.cosh(a.im), -Math.sin(a.re) * Math.sinh(a.im));
}

/** Quotients whose denominator vanishes but for rounding have no value. */
function quotient(a: Complex, b: Complex): Complex {
  return magnitude(b) < 1e-14 ? nan : divide(a, b);
}

const one = complex(1);

function arcsin(a: Complex): Complex {
  if (a.im === 0 && Math.abs(a.re) <= 1) return complex(Math.asin(a.re));
  const inner = add(multiply(imaginaryUnit, a), sqrt(subtract(one, multiply(a, a))));
  return multiply(complex(0, -1), ln(inner));
}

function arctan(a: Complex): Complex {
  if (a.im === 0) return complex(Math.atan(a.re));
  const top = subtract(one, multiply(imaginaryUnit, a));
  const bottom = add(one, multiply(imaginaryUnit, a));
  return multiply(complex(0, 0.5), subtract(ln(top), ln(bottom)));
}

const half = (a: Complex, b: Complex, combine: typeof add): Complex => scale(combine(a, b), 0.5);
const sinh = (a: Complex): Complex => half(exp(a), exp(negate(a)), subtract);
const cosh = (a: Complex): Complex => half(exp(a), exp(negate(a)), add);

/** Functions of one complex number, by name. */
export const functions: ReadonlyMap<string, (a: Complex) => Complex> = new Map<string, (a: Complex) => Complex>([
  ["sin", sin],
  ["cos", cos],
  ["tan", (a) => quotient(sin(a), cos(a))],
  ["cot", (a) => quotient(cos(a), sin(a))],
  ["sec", (a) => quotient(one, cos(a))],
  ["csc", (a) => quotient(one, sin(a))],
  ["arcsin", arcsin],
  ["arccos", (a) => subtract(complex(Math.PI / 2), arcsin(a))],
  ["arctan", arctan],
  ["arccot", (a) => subtract(complex(Math.PI / 2), arctan(a))],
  ["arcsec", (a) => subtract(complex(Math.PI / 2), arcsin(divide(one, a)))],
  ["arccsc", (a) => arcsin(divide(one, a))],
  ["sinh", sinh],
  ["cosh", cosh],
  ["tanh", (a) => quotient(sinh(a), cosh(a))],
  ["coth", (a) => quotient(cosh(a), sinh(a))],
  ["ln", ln],
  ["exp", exp],
  ["sqrt", sqrt],
  ["abs", (a) => complex(magnitude(a))],
  ["floor", (a) => complex(Math.floor(a.re + 1e-12))],
  ["ceil", (a) => complex(Math.ceil(a.re - 1e-12))],
  ["Re", (a) => complex(a.re)],
  ["Im", (a) => complex(a.im)],
  ["arg", (a) => complex(Math.atan2(a.im, a.re))],
  ["overline", (a) => complex(a.re, -a.im)],
  ["bar", (a) => complex(a.re, -a.im)],
  ["factorial", (a) => (a.im === 0 ? complex(gamma(a.re + 1)) : nan)],
]);

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** The gamma function (Lanczos, g = 7): about 14 digits. */
export function gamma(x: number): number {
  if (x <= 0 && Number.isInteger(x)) return Number.NaN;
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  let sum = lanczos[0] as number;
  for (let k = 1; k < lanczos.length; k += 1) sum += (lanczos[k] as number) / (x - 1 + k);
  const t = x + 6.5;
  return Math.sqrt(2 * Math.PI) * t ** (x - 0.5) * Math.exp(-t) * sum;
}
