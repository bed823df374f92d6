/**
 * Padding: with a constant, or with values of the tensor itself, mirrored, repeated or wrapped around.
 */
import { bool } from "../dtype.ts";
import { noKernel, NotImplementedError, RuntimeError } from "../errors.ts";
import type { Triple } from "../kernels/columns.ts";
import { addByTables, reflected, replicated, type Table, takeByTables } from "../kernels/pad.ts";
import { elementCount, type Sizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import type { Num } from "./promotion.ts";
import { pythonFunction } from "./python_function.ts";
import { checkedScalar } from "./scalar.ts";
import { sliceDim } from "./view.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

// -- a constant ------------------------------------------------------------------------------------------------------

function padConstant(self: Tensor, pad: Sizes, value: Num): Tensor {
  if (pad.length % 2 !== 0) throw new RuntimeError(`Length of pad must be even but instead it equals ${pad.length}`);
  const rank = self.sizes.length;
  if (pad.length > 2 * rank) {
    throw new RuntimeError(
      `Length of pad should be no more than twice the number of dimensions of the input. Pad length is ${pad.length}while the input has ${rank}dimensions.`,
    );
  }
  let source = self;
  const before = new Array<number>(rank).fill(0), after = new Array<number>(rank).fill(0);
  for (let i = 0; i < pad.length / 2; i++) {
    const d = rank - 1 - i;
    [before[d], after[d]] = [pad[2 * i], pad[2 * i + 1]];
  }
  for (let d = 0; d < rank; d++) {
    if (before[d] < 0) source = source.narrow(d, -before[d], source.sizes[d] + before[d]);
    if (after[d] < 0) source = source.narrow(d, 0, source.sizes[d] + after[d]);
  }
  if (pad.every((p) => p <= 0)) return source.clone();
  const out = Tensor.make(self.sizes.map((n, d) => n + before[d] + after[d]), self.dtype);
  const filling = checkedScalar(value, self.dtype);
  if (Number(filling) !== 0) (out.store.data as Float32Array).fill(filling as number);
  let inner = out;
  for (let d = 0; d < rank; d++) if (before[d] > 0 || after[d] > 0) inner = inner.narrow(d, Math.max(before[d], 0), source.sizes[d]);
  inner.copy_(source);
  return out;
}

/** Named arguments of `constant_pad_nd`. */
export interface ConstantPadOptions {
  /** How much to add before and after each dimension, the last dimension first; negative numbers cut. */
  pad: readonly number[];
  /** What is added; 0 unless given. */
  value?: Num;
}

/** `constant_pad_nd`. */
export type ConstantPad = Fn<ConstantPadOptions & { input: Tensor }, [input: Tensor, pad: readonly number[], value?: Num]>;

/** `self` with a constant around it. The gradient is that of the result, cut to where `self` stands in it. */
export const constant_pad_nd: ConstantPad = define<ConstantPad, { self: Tensor; pad: number[]; value: Num }>(
  "constant_pad_nd",
  "(Tensor input, tuple of ints pad, Number value = 0)",
  {
    forward: ({ self, pad, value }) => padConstant(self, pad, value),
    backward: { self: ({ grad, pad }) => constant_pad_nd(grad, pad.map((p) => -p)) },
  },
);

// -- values of the tensor itself -------------------------------------------------------------------------------------

type Kind = "reflection" | "replication";
type PadInputs = { self: Tensor; padding: number[] };
type PadBackwardInputs = { grad_output: Tensor; self: Tensor; padding: number[] };

const spatialOf = (self: Tensor, dims: number): Triple => [1, 1, ...self.sizes.slice(-dims)].slice(-3) as never as Triple;

function tablesOf(kind: Kind, sizes: Triple, padding: Sizes): [Table, Table, Table] {
  const make = kind === "reflection" ? reflected : replicated;
  const table = (d: 0 | 1 | 2) => make(sizes[d], padding[2 * (2 - d)] ?? 0, padding[2 * (2 - d) + 1] ?? 0);
  return [table(0), table(1), table(2)];
}

const NAMES = ["D", "H", "W"];

/** What PyTorch says of a result without elements; its wording differs a little between the six ops. */
function tooSmall(kind: Kind, input: Sizes, output: Sizes): RuntimeError {
  const dims = input.length;
  const named = (sizes: Sizes) => sizes.map((n, d) => `${NAMES[d + 3 - dims]}: ${n}`);
  const separators = ["", "", ", ", " "];
  const from = dims === 3 ? `${named(input)[0]} ${named(input).slice(1).join(", ")}` : named(input).join(separators[dims]);
  const end = kind === "replication" && dims === 2 ? " " : "";
  return new RuntimeError(`input (${from}${end}) is too small. Calculated output ${named(output).join(" ")}`);
}

function checkPadding(kind: Kind, self: Tensor, padding: Sizes): number[] {
  const dims = padding.length / 2;
  const { sizes } = self;
  const batched = sizes.length === dims + 2;
  if (sizes.slice(batched ? 1 : 0).includes(0)) {
    throw new RuntimeError(
      `Expected ${dims + 1}D or ${dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${
        showSizes(sizes)
      }`,
    );
  }
  if (kind === "reflection") {
    for (let i = 0; i < dims; i++) {
      const at = sizes.length - 1 - i;
      const [before, after] = [padding[2 * i], padding[2 * i + 1]];
      if (before >= sizes[at] || after >= sizes[at]) {
        throw new RuntimeError(
          `Argument #${4 + 2 * i}: Padding size should be less than the corresponding input dimension, ` +
            `but got: padding (${before}, ${after}) at dimension ${at} of input ${showSizes(sizes)}`,
        );
      }
    }
  }
  const input = sizes.slice(-dims);
  const output = input.map((n, d) => n + padding[2 * (dims - 1 - d)] + padding[2 * (dims - 1 - d) + 1]);
  if (output.every((n) => n < 1)) throw tooSmall(kind, input, output);
  const result = [...sizes.slice(0, -dims), ...output];
  const negative = output.find((n) => n < 0);
  if (negative !== undefined) throw new RuntimeError(`Trying to create tensor with negative dimension ${negative}: ${showSizes(result)}`);
  if (self.dtype === bool) throw noKernel(`${kind}_pad${dims}d`, bool);
  return result;
}

/** Padding of the last `dims` dimensions with values of the tensor. The gradient of an element is the sum over the places that show it. */
function paddingOp(kind: Kind, dims: 1 | 2 | 3): (self: Tensor, padding: number[]) => Tensor {
  const name = `${kind === "reflection" ? "Reflection" : "Replication"}Pad${dims}D`;
  const backward: Primitive<PadBackwardInputs> = new Primitive<PadBackwardInputs>({
    name: `${name}BackwardBackward0`,
    forward: ({ grad_output, self, padding }) => {
      const out = Tensor.make(self.sizes, grad_output.dtype);
      const spatial = spatialOf(self, dims);
      const dense = asContiguous(grad_output);
      addByTables(dense.store.data, dense.offset, elementCount(self.sizes.slice(0, -dims)), spatial, tablesOf(kind, spatial, padding), out.store.data);
      return out;
    },
    backward: {
      grad_output: ({ grad, padding }) => primitive.apply({ self: grad, padding }) as Tensor,
      self: ({ grad }) => grad.zeros_like(),
    },
  });
  const primitive: Primitive<PadInputs> = new Primitive<PadInputs>({
    name: `${name}Backward0`,
    forward: ({ self, padding }) => {
      const out = Tensor.make(checkPadding(kind, self, padding), self.dtype);
      const spatial = spatialOf(self, dims);
      const dense = asContiguous(self);
      takeByTables(dense.store.data, dense.offset, elementCount(self.sizes.slice(0, -dims)), spatial, tablesOf(kind, spatial, padding), out.store.data);
      return out;
    },
    backward: { self: ({ grad, self, padding }) => backward.apply({ grad_output: grad, self, padding }) as Tensor },
  });
  return (self, padding) => primitive.apply({ self, padding }) as Tensor;
}

const PADDINGS: Record<Kind, ((self: Tensor, padding: number[]) => Tensor)[]> = {
  reflection: [paddingOp("reflection", 1), paddingOp("reflection", 2), paddingOp("reflection", 3)],
  replication: [paddingOp("replication", 1), paddingOp("replication", 2), paddingOp("replication", 3)],
};

/** Wraps around by copying, as PyTorch does: first the tensor to its place, then what is missing on either side from the other end. */
function padCircular(self: Tensor, padding: Sizes): Tensor {
  const rank = self.sizes.length;
  const sizes = [...self.sizes];
  const axes = Array.from({ length: padding.length / 2 }, (_, i) => ({ d: rank - 1 - i, before: padding[2 * i], after: padding[2 * i + 1] }));
  for (const { d, before, after } of axes) {
    if (before > self.sizes[d] || after > self.sizes[d]) throw new RuntimeError("Padding value causes wrapping around more than once.");
    sizes[d] += before + after;
    if (sizes[d] < 0) throw new RuntimeError("Negative padding value is resulting in an empty dimension");
  }
  const out = self.detach().new_empty(sizes);
  let target = out, source = self;
  for (const { d, before, after } of axes) {
    target = sliceDim(target, d, Math.max(before, 0), sizes[d] - Math.max(after, 0), 1);
    source = sliceDim(source, d, Math.max(-before, 0), self.sizes[d] - Math.max(-after, 0), 1);
  }
  target.copy_(source);
  for (const { d, before, after } of axes.reverse()) {
    const end = sizes[d] - Math.max(after, 0), start = Math.max(before, 0);
    if (before > 0) sliceDim(out, d, 0, before, 1).copy_(sliceDim(out, d, end - before, end, 1));
    if (after > 0) sliceDim(out, d, sizes[d] - after, sizes[d], 1).copy_(sliceDim(out, d, start, start + after, 1));
  }
  return out;
}

// -- what users call -------------------------------------------------------------------------------------------------

/** Named arguments of `pad`. */
export interface PadOptions {
  /** The tensor. */
  input: Tensor;
  /** How much to add before and after each dimension, the last dimension first; negative numbers cut. */
  pad: readonly number[];
  /** `"constant"`, `"reflect"`, `"replicate"` or `"circular"`. */
  mode?: string;
  /** What a constant padding adds; 0 unless given. */
  value?: number | boolean | null;
}

/** `pad`. */
export type Pad = Fn<PadOptions, [input: Tensor, pad: readonly number[], mode?: string, value?: number | boolean | null]>;

const KINDS: Record<string, Kind> = { reflect: "reflection", replicate: "replication" };

function checkArguments(input: unknown, pad: unknown, mode: unknown, value: unknown): void {
  const refuse = (name: string, position: number, type: string, given: unknown) =>
    new TypeError(`pad(): argument '${name}' (position ${position}) must be ${type}, not ${pythonType(given)}`);
  if (!(input instanceof Tensor)) throw refuse("input", 1, "Tensor", input);
  if (!Array.isArray(pad)) throw refuse("pad", 2, "tuple of ints", pad);
  const at = pad.findIndex((p) => !Number.isInteger(p));
  if (at >= 0) throw new TypeError(`pad(): argument 'pad' (position 2) must be tuple of ints, but found element of type ${pythonType(pad[at])} at pos ${at}`);
  if (typeof mode !== "string") throw refuse("mode", 3, "str", mode);
  if (value !== null && typeof value !== "number" && typeof value !== "boolean") throw refuse("value", 4, "float", value);
}

/** `input` with more around its last dimensions: see `PadOptions`. */
export const pad: Pad = pythonFunction<Pad, { input: Tensor; pad: number[]; mode: string; value: number | boolean | null }>(
  "pad",
  ["input", "pad"],
  { mode: "constant", value: null },
  ({ input, pad, mode, value }) => {
    checkArguments(input, pad, mode, value);
    if (!["constant", "reflect", "replicate", "circular"].includes(mode)) throw new NotImplementedError(`Unrecognised padding mode ${mode}`);
    const rank = input.sizes.length, dims = pad.length / 2;
    if (pad.length % 2 !== 0) throw new RuntimeError("Padding length must be divisible by 2");
    if (pad.length > 2 * rank) {
      throw new RuntimeError(
        `Padding length should be less than or equal to two times the input dimension but got padding length ${pad.length} and input of dimension ${rank}`,
      );
    }
    if (mode === "constant") return constant_pad_nd(input, pad, Number(value ?? 0));
    if (value !== null && Number(value) !== 0) throw new RuntimeError(`Padding mode "${mode}" doesn't take in value argument`);
    if (dims < 1 || dims > 3 || (rank !== dims + 1 && rank !== dims + 2)) {
      throw new NotImplementedError("Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now");
    }
    return mode === "circular" ? padCircular(input, pad) : PADDINGS[KINDS[mode]][dims - 1](input, pad);
  },
);
