/**
 * The log-mean-exp of a segment in fixed-point arithmetic with 320 binary places: the reference that the native kernel
 * is compared with. It shares no formula with the kernel: exp by halving and squaring, ln by the series of atanh.
 */

const places = 320n;
const one = 1n << places;

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> places;
const divide = (a: bigint, b: bigint): bigint => (a << places) / b;

/** The double as mantissa * 2^exponent, exactly. */
function decompose(x: number): { mantissa: bigint; exponent: number } {
  if (x === 0) return { mantissa: 0n, exponent: 0 };
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: x < 0 ? -mantissa : mantissa, exponent: Math.max(biased, 1) - 1075 };
}

/** a * b in fixed point, rounded once. */
function exactProduct(a: number, b: number): bigint {
  const x = decompose(a);
  const y = decompose(b);
  const shift = BigInt(x.exponent + y.exponent) + places;
  const product = x.mantissa * y.mantissa;
  return shift >= 0n ? product << shift : product >> -shift;
}

/** exp(y) for y <= 0. */
function expOfNegative(y: bigint): bigint {
  if (y < -300n * one) return 0n;
  const halvings = 16;
  const small = y >> BigInt(halvings);
  let term = one;
  let sum = one;
  for (let k = 1n; term !== 0n && term !== -1n; k++) {
    term = multiply(term, small) / k;
    sum += term;
  }
  for (let i = 0; i < halvings; i++) sum = multiply(sum, sum);
  return sum;
}

/** 2 atanh(t) for |t| <= 1/2. */
function twiceAtanh(t: bigint): bigint {
  const square = multiply(t, t);
  let power = t;
  let sum = 0n;
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = multiply(power, square);
  }
  return 2n * sum;
}

const ln2 = twiceAtanh(one / 3n);

/** ln(x) for x > 0. */
function ln(x: bigint): bigint {
  let scaled = x;
  let powers = 0n;
  while (scaled < one / 2n) {
    scaled <<= 1n;
    powers++;
  }
  return twiceAtanh(divide(scaled - one, scaled + one)) - powers * ln2;
}

/** A fixed-point number as the nearest double, or close to it. */
function toNumber(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 60));
  return Number(x >> excess) * 2 ** (Number(excess) - Number(places));
}

/** (1/eta) ln(mean of exp(eta * outcome)); the mean for eta 0. */
export function exactLogMeanExp(outcomes: readonly number[], eta: number): number {
  const count = BigInt(outcomes.length);
  if (eta === 0) return toNumber(outcomes.reduce((sum, outcome) => sum + exactProduct(outcome, 1), 0n) / count);
  const products = outcomes.map((outcome) => exactProduct(outcome, eta));
  const largest = products.reduce((a, b) => (a > b ? a : b));
  const total = products.reduce((sum, product) => sum + expOfNegative(product - largest), 0n);
  return toNumber(divide(largest + ln(total / count), exactProduct(eta, 1)));
}
