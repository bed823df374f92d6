import type { Pool } from "./pool.ts";
import { type Code, type Func, load, type Local, op, store } from "./wat.ts";

/** Arithmetic on the lanes of a 128-bit vector: four float32 or two float64. */
export class Lanes {
  /** Lanes in a vector. */
  readonly count: number;
  /** Bytes a lane. */
  readonly size: number;
  /** The scalar type of a lane. */
  readonly scalar: "f32" | "f64";

  /** `fused`: whether `madd` may be one relaxed instruction. */
  constructor(readonly shape: "f32x4" | "f64x2", readonly fused: boolean, readonly pool: Pool) {
    this.count = shape === "f32x4" ? 4 : 2;
    this.size = 16 / this.count;
    this.scalar = shape === "f32x4" ? "f32" : "f64";
  }

  /** An instruction of this shape by its bare name; a plain number is that constant in every lane. */
  op(name: string, ...operands: Code[]): string {
    return op(`${this.shape}.${name}`, operands.map((x) => this.#vector(x)));
  }

  #vector(x: Code): Code {
    return typeof x === "number" ? this.constant(x) : x;
  }

  /** A number, or a bigint's bits, in every lane. */
  constant(x: number | bigint): string {
    const view = new DataView(new ArrayBuffer(this.size));
    if (typeof x === "bigint") this.size === 4 ? view.setUint32(0, Number(x), true) : view.setBigUint64(0, x, true);
    else this.size === 4 ? view.setFloat32(0, x, true) : view.setFloat64(0, x, true);
    return this.splat(this.pool.address(new Uint8Array(view.buffer)));
  }

  /** Zero in every lane. */
  get zero(): string {
    return "(v128.const i64x2 0 0)";
  }

  /** a + b */
  add(a: Code, b: Code): string {
    return this.op("add", a, b);
  }

  /** a - b */
  sub(a: Code, b: Code): string {
    return this.op("sub", a, b);
  }

  /** a * b */
  mul(a: Code, b: Code): string {
    return this.op("mul", a, b);
  }

  /** a / b */
  div(a: Code, b: Code): string {
    return this.op("div", a, b);
  }

  /** a * b + c, rounded once where the engine has a fused instruction and twice otherwise. */
  madd(a: Code, b: Code, c: Code): string {
    return this.fused ? this.op("relaxed_madd", a, b, c) : this.add(this.mul(a, b), c);
  }

  /** c(0) + c(1) x + c(2) x^2 + ... */
  polynomial(x: Local, coefficients: number[]): Code {
    return coefficients.slice(0, -1).reduceRight<Code>((total, c) => this.madd(total, x, c), coefficients[coefficients.length - 1]);
  }

  /** a where the bits of mask are set, b elsewhere. */
  select(mask: Code, a: Code, b: Code): string {
    return op("v128.bitselect", [this.#vector(a), this.#vector(b), mask]);
  }

  /** The magnitude of a with the sign of b. */
  copysign(a: Code, b: Code): string {
    return this.select(this.op("neg", 0), b, a);
  }

  /** An instruction on the lanes as integers; a plain number is that integer in every lane, but the count of a shift. */
  bits(name: string, a: Code, b: Code | bigint): string {
    const shape = this.shape === "f32x4" ? "i32x4" : "i64x2";
    return op(`${shape}.${name}`, [a, typeof b === "bigint" ? this.constant(b) : b]);
  }

  /** A vector in memory. */
  load(address: Code, offset = 0): string {
    return load("v128.load", address, offset);
  }

  /** One element of memory in every lane. */
  splat(address: Code, offset = 0): string {
    return load(`v128.load${this.size * 8}_splat`, address, offset);
  }

  /** Writes a vector. */
  store(address: Code, value: Code, offset = 0): string {
    return store("v128.store", address, value, offset);
  }

  /** The lanes of a and b in turn: those of the lower halves, or of the upper ones. */
  interleave(a: Code, b: Code, upper: boolean): string {
    const bytes = [];
    for (let i = 0; i < 16; i++) {
      const lane = Math.floor(i / this.size);
      bytes.push((lane % 2) * 16 + (upper ? 8 : 0) + (lane >> 1) * this.size + i % this.size);
    }
    return op("i8x16.shuffle", [a, b], bytes.join(" "));
  }

  /** Transposes as many vectors as there are lanes, or half as many: then each result holds two columns. */
  transpose(f: Func, rows: Local[]): Local[] {
    for (let step = 1; step < rows.length; step *= 2) {
      const half = rows.length / 2;
      rows = rows.map((_, i) => f.let("v128", this.interleave(rows[i >> 1], rows[(i >> 1) + half], i % 2 === 1)));
    }
    return rows;
  }
}
