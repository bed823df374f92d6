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
  /** The shape of the lanes as integers. */
  readonly integers: "i32x4" | "i64x2";
  /** Bits of a lane after which sign and exponent follow. */
  readonly mantissa: number;
  /** The bits of 1. */
  readonly one: bigint;

  /** `fused`: whether `madd` may be one relaxed instruction. */
  constructor(readonly shape: "f32x4" | "f64x2", readonly fused: boolean, readonly pool: Pool) {
    this.count = shape === "f32x4" ? 4 : 2;
    this.size = 16 / this.count;
    this.scalar = shape === "f32x4" ? "f32" : "f64";
    this.integers = shape === "f32x4" ? "i32x4" : "i64x2";
    this.mantissa = shape === "f32x4" ? 23 : 52;
    this.one = (shape === "f32x4" ? 127n : 1023n) << BigInt(this.mantissa);
  }

  /** An instruction of this shape by its bare name. */
  op(name: string, ...operands: Code[]): string {
    return op(`${this.shape}.${name}`, operands);
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

  /** a * b */
  mul(a: Code, b: Code): string {
    return this.op("mul", a, b);
  }

  /** a * b + c, rounded once where the engine has a fused instruction and twice otherwise. */
  madd(a: Code, b: Code, c: Code): string {
    return this.fused ? this.op("relaxed_madd", a, b, c) : this.add(this.mul(a, b), c);
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
