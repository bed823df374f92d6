/**
 * Numbers as Python writes them: `repr(x)`, `f"{x:.4f}"` and `f"{x:.4e}"`.
 *
 * Python rounds the exact binary value and breaks ties to even; JavaScript's `toFixed` and `toExponential` break them upwards,
 * and `toFixed` gives up at 1e21.
 */

/** What `fixed` multiplies with where it need not be exact. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 10 }, (_, p) => 10 ** p);

/**
 * Python's `repr` of a float: the shortest digits that read back as the same double, in exponent form below 1e-4 and from 1e16
 * on: `5.0`, `0.1`, `1e-05`, `1.5e+16`, `-0.0`, `nan`, `inf`.
 */
export function formatNumber(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const size = Math.abs(x);
  if (size >= 1e16 || (size < 1e-4 && size > 0)) {
    const text = x.toExponential();
    return widenExponent(text, text.indexOf("e"));
  }
  const text = Object.is(x, -0) ? "-0" : String(x);
  return Number.isInteger(x) ? text + ".0" : text;
}

/** Python's `f"{x:.{precision}f}"`: half to even on the exact value, whatever its size; `-0.0000` keeps its sign. */
export function fixed(x: number, precision: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const size = Math.abs(x);
  // A precision beyond the table makes this NaN, which is not below the limit.
  const scale = POWERS_OF_TEN[precision];
  const scaled = size * scale;
  if (scaled < 2 ** 50 && size < 2 ** 30) {
    const below = Math.floor(scaled);
    const rest = scaled - below;
    // The product is off by half a unit in its last place at most; only next to a tie could that change the digits.
    if (Math.abs(rest - 0.5) > scaled * Number.EPSILON) {
      const units = rest > 0.5 ? below + 1 : below;
      // Engines write 32-bit integers several times as fast as integers held as doubles.
      const whole = (units / scale) | 0;
      if (precision === 0) return sign(x) + whole;
      return sign(x) + whole + "." + String((units - whole * scale) | 0).padStart(precision, "0");
    }
  }
  const digits = String(scaleExactly(x, precision)).padStart(precision + 1, "0");
  const point = digits.length - precision;
  return sign(x) + digits.slice(0, point) + (precision > 0 ? "." + digits.slice(point) : "");
}

/** Python's `f"{x:.{precision}e}"`: half to even on the exact value, an exponent of two digits at least: `1.0000e-05`. */
export function exponential(x: number, precision: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (precision > 100) return exactExponential(x, precision);
  const text = x.toExponential(precision);
  const mantissa = (x < 0 ? 1 : 0) + (precision > 0 ? precision + 2 : 1);
  // JavaScript rounds ties up, which is wrong where that makes the last digit odd. Only then look whether it was a tie:
  // x * 10^(p - e) can end in one half only if x * 2^(p - e + 1) is an odd integer.
  if (text.charCodeAt(mantissa - 1) % 2 === 1) {
    const exponent = Number(text.slice(mantissa + 1));
    if (Math.abs(x * 2 ** (precision - exponent + 1)) % 2 === 1) return exactExponential(x, precision);
  }
  return (Object.is(x, -0) ? "-" : "") + widenExponent(text, mantissa);
}

/** `exponential` in exact arithmetic, for ties and for more digits than JavaScript gives. */
function exactExponential(x: number, precision: number): string {
  const shortest = x.toExponential();
  let exponent = Number(shortest.slice(shortest.indexOf("e") + 1));
  let digits = String(scaleExactly(x, precision - exponent));
  // The shortest digits may have been rounded up to a power of ten (1e23 is a little less than that).
  if (digits.length <= precision && x !== 0) digits = String(scaleExactly(x, precision - --exponent));
  if (digits.length > precision + 1) exponent++;
  const mantissa = sign(x) + digits[0] + (precision > 0 ? "." + digits.padEnd(precision + 1, "0").slice(1, precision + 1) : "");
  return widenExponent(`${mantissa}e${exponent < 0 ? "" : "+"}${exponent}`, mantissa.length);
}

/** `|x| * 10^power`, rounded half to even, in exact arithmetic. */
function scaleExactly(x: number, power: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const biased = (bits.getUint32(0) >>> 20) & 0x7ff;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  const shift = Math.max(biased, 1) - 1075;
  let numerator = biased === 0 ? fraction : fraction | 0x10000000000000n;
  let denominator = 1n;
  if (shift > 0) numerator <<= BigInt(shift);
  else denominator <<= BigInt(-shift);
  if (power > 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  return twice > denominator || (twice === denominator && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}

function nonFinite(x: number): string {
  return x > 0 ? "inf" : x < 0 ? "-inf" : "nan";
}

function sign(x: number): string {
  return x < 0 || Object.is(x, -0) ? "-" : "";
}

/** `1e-5` to Python's `1e-05`; `e` says where that letter stands. */
function widenExponent(text: string, e: number): string {
  return text.length - e === 3 ? text.slice(0, e + 2) + "0" + text.slice(e + 2) : text;
}
