/** Arithmetic of float32, a block at a time. */

import type { Lanes } from "./lanes.ts";
import { type Code, func, op } from "./wat.ts";

/** Vectors a step: four, so that counting costs little. */
const VECTORS = 4;

/** The result for the vectors of the operands. */
type Formula = (lanes: Lanes, ...operands: Code[]) => Code;

const formulas: Record<string, { operands: string[]; formula: Formula }> = {
  add: { operands: ["a", "b"], formula: (v, a, b) => v.add(a, b) },
  sub: { operands: ["a", "b"], formula: (v, a, b) => v.op("sub", a, b) },
  rsub: { operands: ["a", "b"], formula: (v, a, b) => v.op("sub", b, a) },
  mul: { operands: ["a", "b"], formula: (v, a, b) => v.mul(a, b) },
  div: { operands: ["a", "b"], formula: (v, a, b) => v.op("div", a, b) },
  neg: { operands: ["a"], formula: (v, a) => v.op("neg", a) },
  abs: { operands: ["a"], formula: (v, a) => v.op("abs", a) },
  reciprocal: { operands: ["a"], formula: (v, a) => v.op("div", v.constant(1), a) },
  cube: { operands: ["a"], formula: (v, a) => v.mul(v.mul(a, a), a) },
  square: { operands: ["a"], formula: (v, a) => v.mul(a, a) },
  // NaN is not below 0 and stays, and so does -0
  relu: { operands: ["a"], formula: (v, a) => op("v128.andnot", [a, v.op("lt", a, v.zero)]) },
  threshold_backward: { operands: ["grad", "x", "threshold"], formula: (v, grad, x, threshold) => op("v128.andnot", [grad, v.op("le", x, threshold)]) },
  tanh_backward: {
    operands: ["grad", "y"],
    formula: (v, grad, y) => v.mul(grad, v.madd(v.op("neg", y), y, v.constant(1))),
  },
  sigmoid_backward: {
    operands: ["grad", "y"],
    formula: (v, grad, y) => v.mul(v.mul(grad, v.op("sub", v.constant(1), y)), y),
  },
};

/** `add(a, b, out, end)` and so on: operands and result at these addresses, to `end` of the result, in steps of 64 bytes. The result may be an operand. */
export function arithmetic(lanes: Lanes): string[] {
  return Object.entries(formulas).map(([name, { operands, formula }]) =>
    func(`vector_${name}`, [...operands, "out", "end"], (f, ...parameters) => {
      const end = parameters.pop()!, out = parameters[parameters.length - 1];
      f.while(op("i32.lt_s", [out, end]), () => {
        for (let i = 0; i < VECTORS; i++) {
          const vectors = parameters.slice(0, -1).map((p) => f.let("v128", lanes.load(p, i * 16)));
          f.do(lanes.store(out, formula(lanes, ...vectors), i * 16));
        }
        for (const p of parameters) f.increase(p, 16 * VECTORS);
      });
    })
  );
}
