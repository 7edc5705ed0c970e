/**
 * Floats in JSON as C++ Nix's JSON library writes them. It uses the Grisu2 algorithm, which gives nearly always,
 * but not always, the shortest digits; so the algorithm itself is done here, exactly.
 *
 * Source: Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers" (PLDI 2010).
 */

/** A number `f * 2^e`. */
interface Scaled {
  readonly f: bigint;
  readonly e: number;
}

/** The number with a point or an exponent, always; what is not finite is `null`. */
export function formatJsonFloat(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0.0`;
  const { digits, exponent } = grisu2(Math.abs(value));
  return sign + layOut(digits, exponent);
}

/** `digits * 10^exponent`, plain from 0.0001 up to fifteen digits before the point. */
function layOut(digits: string, exponent: number): string {
  const point = digits.length + exponent;
  if (exponent >= 0 && point <= 15) return `${digits}${'0'.repeat(exponent)}.0`;
  if (point > 0 && point <= 15) return `${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -4 && point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  const power = Math.abs(point - 1)
    .toString()
    .padStart(2, '0');
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits[0]}${fraction}e${point - 1 < 0 ? '-' : '+'}${power}`;
}

function normalize({ f, e }: Scaled): Scaled {
  const shift = 64 - f.toString(2).length;
  return { f: f << BigInt(shift), e: e - shift };
}

/** The product's upper 64 bits, rounded. */
function multiply(a: Scaled, b: Scaled): Scaled {
  return { f: (a.f * b.f + (1n << 63n)) >> 64n, e: a.e + b.e + 64 };
}

const bits = new DataView(new ArrayBuffer(8));

/** The value and the halfway points to its neighbours, all scaled alike. */
function boundaries(value: number): { w: Scaled; minus: Scaled; plus: Scaled } {
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const fraction = raw & 0xfffffffffffffn;
  const biased = Number(raw >> 52n);
  const v = biased === 0 ? { f: fraction, e: -1074 } : { f: fraction + (1n << 52n), e: biased - 1075 };
  // Below a power of two the neighbour is only half as far.
  const closer = fraction === 0n && biased > 1;
  const plus = normalize({ f: 2n * v.f + 1n, e: v.e - 1 });
  const minus = closer ? { f: 4n * v.f - 1n, e: v.e - 2 } : { f: 2n * v.f - 1n, e: v.e - 1 };
  return { w: normalize(v), minus: { f: minus.f << BigInt(minus.e - plus.e), e: plus.e }, plus };
}

/** A power of ten, 64 bits rounded, that brings a number with the binary exponent `e` into the range of 32 to 60 fraction bits. */
function cachedPower(e: number): Scaled & { readonly decimal: number } {
  const f = -60 - e - 1;
  const k = Math.trunc((f * 78913) / (1 << 18)) + (f > 0 ? 1 : 0);
  const decimal = -300 + Math.trunc((300 + k + 7) / 8) * 8;
  if (decimal >= 0) return { ...roundTo64(10n ** BigInt(decimal), 0), decimal };
  // Enough bits before dividing, so that the quotient is exact where it is rounded.
  const shift = 1200;
  return { ...roundTo64((1n << BigInt(shift)) / 10n ** BigInt(-decimal), -shift), decimal };
}

function roundTo64(f: bigint, e: number): Scaled {
  const excess = f.toString(2).length - 64;
  if (excess <= 0) return { f: f << BigInt(-excess), e: e + excess };
  return { f: (f + (1n << BigInt(excess - 1))) >> BigInt(excess), e: e + excess };
}

function grisu2(value: number): { digits: string; exponent: number } {
  const { w, minus, plus } = boundaries(value);
  const power = cachedPower(plus.e);
  const scaled = multiply(w, power);
  const low = multiply(minus, power).f + 1n;
  const high = multiply(plus, power);
  return generate(low, scaled.f, high.f - 1n, BigInt(-high.e), -power.decimal);
}

/** Digits of a number between `low` and `high`, near `w`; all have `point` fraction bits. */
function generate(low: bigint, w: bigint, high: bigint, point: bigint, decimal: number) {
  let delta = high - low;
  let distance = high - w;
  const one = 1n << point;
  const whole = String(high >> point);
  let fraction = high & (one - 1n);
  let digits = '';
  for (let i = 0; i < whole.length; i++) {
    digits += whole[i];
    const left = whole.length - i - 1;
    const rest = (BigInt(whole.slice(i + 1) || '0') << point) + fraction;
    if (rest <= delta) {
      const unit = (10n ** BigInt(left)) << point;
      return { digits: towards(digits, distance, delta, rest, unit), exponent: decimal + left };
    }
  }
  for (let places = 1; ; places++) {
    fraction *= 10n;
    delta *= 10n;
    distance *= 10n;
    digits += String(fraction >> point);
    fraction &= one - 1n;
    if (fraction <= delta) {
      return { digits: towards(digits, distance, delta, fraction, one), exponent: decimal - places };
    }
  }
}

/** Lowers the last digit as long as that comes nearer to the value. */
function towards(digits: string, distance: bigint, delta: bigint, start: bigint, unit: bigint): string {
  let last = Number(digits.at(-1));
  let rest = start;
  while (
    rest < distance &&
    delta - rest >= unit &&
    (rest + unit < distance || distance - rest > rest + unit - distance)
  ) {
    last--;
    rest += unit;
  }
  return digits.slice(0, -1) + last;
}
