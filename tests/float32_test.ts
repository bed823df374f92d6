/** Elementary functions, softmax and sums of small float32 tensors are PyTorch's to the bit (tests/pytorch/record_float32.py). */
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { readRecording } from "./support/recording.ts";

type Bits = number[];
type RowNames = "x" | "g" | "softmax" | "log_softmax" | "softmax_gradient" | "log_softmax_gradient" | "logsumexp";
type Rows = { n: number } & Record<RowNames, Bits>;

/** Sums and means: of all elements, and for each view along each dimension. */
type Sums = { shape: number[]; x: Bits; all: Bits; along: [sum: Bits, mean: Bits][][] };

const recorded = await readRecording<{ x: Bits; functions: Record<string, Bits>; rows: Rows[]; sums: Sums[] }>("float32.json.gz");

const numbers = (bits: readonly number[]): Float32Array<ArrayBuffer> => new Float32Array(Int32Array.from(bits).buffer);

const functions: Record<string, (x: torch.TensorClass) => torch.TensorClass> = {
  ...{ exp: torch.exp, expm1: torch.expm1, log: torch.log, log2: torch.log2, log10: torch.log10, log1p: torch.log1p, erf: torch.erf },
  ...{ sin: torch.sin, cos: torch.cos, tan: torch.tan, asin: torch.asin, acos: torch.acos, atan: torch.atan, tanh: torch.tanh },
};

/** Square roots of pairs are followed to some digits only: of 40,000 numbers nine, and two, differ in the last bit. */
const almost = new Set(["asin", "acos"]);

for (const [name, bits] of Object.entries(recorded.functions)) {
  Deno.test(`${name} of float32 has PyTorch's bits`, () => {
    const x = numbers(recorded.x), expected = numbers(bits);
    // in parts, for the bits are those of tensors below 512 elements
    const actual = torch.cat(torch.tensor(x).split(400).map((part) => functions[name](part))).typed_array();
    const different = Array.from(x, (v, i) => ({ x: v, actual: Number(actual[i]), expected: expected[i] })).filter((c) => !Object.is(c.actual, c.expected));
    if (almost.has(name)) assert(different.length <= 1 && different.every((c) => Math.abs(c.actual - c.expected) <= 2 ** -23), JSON.stringify(different));
    else assertEquals(different, []);
  });
}

for (const rows of recorded.rows) {
  Deno.test(`softmax and its relatives have PyTorch's bits in rows of ${rows.n}`, () => {
    const shaped = (bits: Bits) => torch.tensor(numbers(bits)).view(-1, rows.n);
    const x = shaped(rows.x).requires_grad_(), g = shaped(rows.g);
    const check = (name: RowNames, t: torch.TensorClass) => assertEquals(t.detach().reshape(-1).typed_array(), numbers(rows[name]), name);
    for (const name of ["softmax", "log_softmax"] as const) {
      const y = torch[name](x, 1);
      check(name, y);
      check(`${name}_gradient`, torch.autograd.grad(y, x, g)[0]);
    }
    check("logsumexp", torch.logsumexp(x, 1));
  });
}

for (const { shape, x, all, along } of recorded.sums) {
  Deno.test(`sums and means of [${shape}] have PyTorch's bits`, () => {
    const t = torch.tensor(numbers(x)).view(shape);
    assertEquals(torch.stack([t.sum(), t.mean()]).typed_array(), numbers(all));
    along.forEach((dims, v) =>
      dims.forEach(([sum, mean], d) => {
        const view = v === 0 ? t : t.t();
        assertEquals(view.sum(d).reshape(-1).typed_array(), numbers(sum), `sum along ${d} of view ${v}`);
        assertEquals(view.mean(d).reshape(-1).typed_array(), numbers(mean), `mean along ${d} of view ${v}`);
      })
    );
  });
}
