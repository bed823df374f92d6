/** The special functions against PyTorch's float64 values and, where PyTorch is off by more than 1e-13, against the true ones. */
import { assert, assertEquals } from "@std/assert";
import * as special from "../src/kernels/special.ts";

/** Numbers; NaN and the infinities as text. */
type Numbers = (number | string)[];

interface Recorded {
  /** One list for each parameter. */
  arguments: Numbers[];
  /** What PyTorch returned. */
  values: Numbers;
  /** The true values where PyTorch is not exact, by index. */
  exact: Record<number, number>;
  /** frexp's second result. */
  exponents?: number[];
}

const packed = await Deno.readFile(new URL("pytorch/special.json.gz", import.meta.url));
const unpacked = new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
const { functions, integers }: { functions: Record<string, Recorded>; integers: Record<string, string[][]> } = await unpacked.json();

const { frexp, gcd, lcm, ...scalar } = special;
const ours: Record<string, (...args: number[]) => number> = {
  ...scalar,
  // JavaScript's own, on which the ops rely.
  log1p: Math.log1p,
  expm1: Math.expm1,
  logitWithEps: special.logit,
  frexp: (x) => frexp(x)[0],
};

/** Where more than a relative error of 1e-12 is right. */
const relative: Record<string, number> = {
  // 2 ulp of a double.
  erf: 4.5e-16,
  erfc: 4.5e-16,
  // Some float32 roundings, in an order of PyTorch's own.
  sincFloat32: 2.4e-7,
  trigammaFloat32: 6e-7,
};

/** A few of the smallest doubles, where there are no 12 digits. */
const SMALLEST = 1e-322;

for (const [name, recorded] of Object.entries(functions)) {
  Deno.test(`${name} has PyTorch's values`, () => {
    const columns = recorded.arguments.map((column) => column.map(Number));
    const failures: string[] = [];
    recorded.values.forEach((value, i) => {
      const args = columns.map((column) => column[i]);
      const theirs = Number(value), exact = Number(recorded.exact[i] ?? value);
      const mine = ours[name](...args);
      // Where PyTorch itself is less precise, an error of that order.
      const tolerance = Math.max((relative[name] ?? 1e-12) * Math.abs(exact), 2 * Math.abs(theirs - exact), SMALLEST);
      // A zero must have PyTorch's sign.
      const close = Number.isFinite(exact) && (exact !== 0 || theirs !== 0) && Math.abs(mine - exact) <= tolerance;
      if (!Object.is(mine, exact) && !close) failures.push(`${name}(${args.join(", ")}) = ${mine}, not ${exact}`);
    });
    assertEquals(failures, []);
  });
}

Deno.test("erf and erfc are within 2 ulp of the true value", () => {
  const ulp = (x: number) => Math.max(special.nextafter(Math.abs(x), Infinity) - Math.abs(x), Number.MIN_VALUE);
  for (const name of ["erf", "erfc"]) {
    const { arguments: [column], values, exact } = functions[name];
    const off = values.map((value, i) => [Number(column[i]), Number(exact[i] ?? value)]).filter(([x, truth]) =>
      Math.abs(ours[name](x) - truth) > 2 * ulp(truth)
    );
    assertEquals(off, []);
  }
});

Deno.test("frexp splits off PyTorch's exponents, and ldexp puts them back", () => {
  const { arguments: [column], exponents } = functions.frexp;
  assertEquals(column.map((x) => frexp(Number(x))[1]), exponents);
  for (const x of column.map(Number)) assertEquals(special.ldexp(...frexp(x)), x);
});

Deno.test("ldexp rounds once, overflows and underflows", () => {
  assertEquals(special.ldexp(1, -1074), Number.MIN_VALUE);
  // 3 2^-1075 is half-way between one and two smallest doubles: to the even one. A first rounding would lose the last bit of the next.
  assertEquals(special.ldexp(3, -1075), 2 * Number.MIN_VALUE);
  assertEquals(special.ldexp(1 + Number.EPSILON, -1075), Number.MIN_VALUE);
  assertEquals(special.ldexp(1, -1075), 0);
  assertEquals(special.ldexp(-1, -5000), -0);
  assertEquals(special.ldexp(Number.MIN_VALUE, 2097), 2 ** 1023);
  assertEquals(special.ldexp(1, 1024), Infinity);
  assertEquals(special.ldexp(-Infinity, -5000), -Infinity);
  assertEquals(special.ldexp(NaN, 3), NaN);
});

Deno.test("gamma is the factorial, and C's tgamma at its poles", () => {
  let factorial = 1;
  for (let n = 1; n <= 171; factorial *= n++) {
    assert(Math.abs(special.gamma(n) / factorial - 1) < 1e-13, `gamma(${n})`);
  }
  assert(Math.abs(special.gamma(0.5) - Math.sqrt(Math.PI)) < 1e-15);
  assert(Math.abs(special.gamma(-1.5) - 4 / 3 * Math.sqrt(Math.PI)) < 1e-15);
  assertEquals([0, -0, -1, -200, 172, Infinity, -Infinity, NaN].map(special.gamma), [Infinity, -Infinity, NaN, NaN, Infinity, Infinity, NaN, NaN]);
});

Deno.test("gcd and lcm wrap as PyTorch's integers do", () => {
  for (const [dtype, [as, bs, divisors, multiples]] of Object.entries(integers)) {
    const bits = { int8: 8, int16: 16 }[dtype];
    as.forEach((a, i) => {
      const b = bs[i];
      if (dtype === "int64") {
        assertEquals([gcd(BigInt(a), BigInt(b)), lcm(BigInt(a), BigInt(b))].map(String), [divisors[i], multiples[i]], `${a}, ${b}`);
      } else {
        const multiple = lcm(Number(a), Number(b), bits);
        assertEquals(
          [gcd(Number(a), Number(b), bits), dtype === "uint8" ? multiple & 0xff : multiple].map(String),
          [divisors[i], multiples[i]],
          `${dtype} ${a}, ${b}`,
        );
      }
    });
  }
});
