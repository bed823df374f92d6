import { Lanes } from "./lanes.ts";
import { type Code, type Func, type Local, op } from "./wat.ts";

/** 32-bit lanes 0 to 3 of `a` and 4 to 7 of `b` in the given order. */
function shuffle(a: Code, b: Code, lanes: number[]): string {
  return op("i8x16.shuffle", [a, b], lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)).join(" "));
}

/** As many vectors as are computed side by side, so that they share the loads of constants. */
export type Vector = readonly Local[];

/** Formulas on vectors in the body of a function. A plain number stands for that constant in every lane, a bigint for these bits. */
export class Vectors {
  /** `f` receives the instructions. */
  constructor(readonly f: Func, readonly lanes: Lanes) {}

  /** Applies an instruction, built from its operands, to each of the vectors. */
  map(build: (...operands: Code[]) => Code, ...operands: (Vector | number | bigint)[]): Vector {
    const width = Math.max(...operands.map((x) => typeof x === "object" ? x.length : 1));
    const each = operands.map((x) => typeof x === "object" ? x : Array<Local>(width).fill(this.f.let("v128", this.lanes.constant(x))));
    return Array.from({ length: width }, (_, i) => this.f.let("v128", build(...each.map((x) => x[i % x.length]))));
  }

  /** Assigns to vectors. */
  set(a: Vector, b: Vector): void {
    a.forEach((local, i) => this.f.set(local, b[i]));
  }

  /** The same for vectors of float64. */
  get double(): Vectors {
    return new Vectors(this.f, new Lanes("f64x2", this.lanes.fused, this.lanes.pool));
  }

  /** float32 as float64: first the lower halves of all vectors, then the upper halves. */
  promote(a: Vector): Vector {
    return this.map((x) => op("f64x2.promote_low_f32x4", [x]), [...a, ...this.shuffle(a, [2, 3, 0, 1])]);
  }

  /** The inverse of `promote`, with rounding. */
  demote(a: Vector): Vector {
    const halves = this.map((x) => op("f32x4.demote_f64x2_zero", [x]), a);
    const lower = halves.slice(0, a.length / 2), upper = halves.slice(a.length / 2);
    return this.map((x, y) => shuffle(x, y, [0, 1, 4, 5]), lower, upper);
  }

  /** Reorders the 32-bit lanes. */
  shuffle(a: Vector, lanes: number[]): Vector {
    return this.map((x) => shuffle(x, x, lanes), a);
  }

  /** An instruction of the lanes' shape by its bare name. */
  op(name: string, ...operands: (Vector | number)[]): Vector {
    return this.map((...codes) => this.lanes.op(name, ...codes), ...operands);
  }

  /** a + b */
  add(a: Vector | number, b: Vector | number): Vector {
    return this.op("add", a, b);
  }

  /** a - b */
  sub(a: Vector | number, b: Vector | number): Vector {
    return this.op("sub", a, b);
  }

  /** a * b */
  mul(a: Vector | number, b: Vector | number): Vector {
    return this.op("mul", a, b);
  }

  /** a / b */
  div(a: Vector | number, b: Vector | number): Vector {
    return this.op("div", a, b);
  }

  /** a * b + c, rounded once where the engine has a fused instruction and twice otherwise. */
  madd(a: Vector | number, b: Vector | number, c: Vector | number): Vector {
    return this.map((x, y, z) => this.lanes.madd(x, y, z), a, b, c);
  }

  /** |a| */
  abs(a: Vector): Vector {
    return this.op("abs", a);
  }

  /** The smaller of a and a number; NaN stays NaN. */
  atMost(a: Vector, limit: number): Vector {
    return this.op("pmin", a, limit);
  }

  /** The larger of a and a number; NaN stays NaN. */
  atLeast(a: Vector, limit: number): Vector {
    return this.op("pmax", a, limit);
  }

  /** c(0) + c(1) x + c(2) x^2 + ... */
  polynomial(x: Vector, coefficients: number[]): Vector {
    const [last, ...rest] = [...coefficients].reverse();
    return rest.reduce<Vector | number>((total, c) => this.madd(total, x, c), last) as Vector;
  }

  /** a where the bits of mask are set, b elsewhere. */
  select(mask: Vector | number, a: Vector | number, b: Vector | number): Vector {
    return this.map((m, x, y) => op("v128.bitselect", [x, y, m]), mask, a, b);
  }

  /** The magnitude of a with the sign of b. */
  copysign(a: Vector, b: Vector): Vector {
    return this.select(-0, b, a);
  }

  /** A bitwise instruction: and, or, xor. */
  bitwise(name: string, a: Vector, b: Vector | bigint): Vector {
    return this.map((x, y) => op(`v128.${name}`, [x, y]), a, b);
  }

  /** An instruction on the lanes as integers. */
  integer(name: string, a: Vector | bigint, b: Vector | bigint): Vector {
    return this.map((x, y) => op(`${this.lanes.integers}.${name}`, [x, y]), a, b);
  }

  /** Shifts the lanes as integers. */
  shift(name: "shl" | "shr_s" | "shr_u", a: Vector, count: number): Vector {
    return this.map((x) => op(`${this.lanes.integers}.${name}`, [x, count]), a);
  }
}
