/**
 * Printing, against 2,000 recorded printouts of PyTorch 2.6 (tests/pytorch/record_printouts.py).
 */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { DTYPES, float32, set_default_dtype, type TypedArray } from "../src/dtype.ts";
import { ValueError } from "../src/errors.ts";
import { exponential, fixed, formatNumber } from "../src/format/numbers.ts";
import { address, formatObject, formatParameter, inspectParameter, inspectTensor } from "../src/format/objects.ts";
import { get_printoptions, type PrintOptionsArguments, set_printoptions } from "../src/format/options.ts";
import { formatTensor, type Printable } from "../src/format/tensor.ts";
import { Size } from "../src/size.ts";

interface RecordedTensor {
  dtype: string;
  shape: number[];
  strides: number[];
  offset: number;
  /** The bytes of the storage, base64. */
  storage: string;
  text: string;
  requires_grad?: true;
  grad_fn?: string;
  options?: Record<string, number | string | boolean>;
  default_dtype?: string;
  parameter?: true;
}

interface Recorded {
  tensors: RecordedTensor[];
  /** The bits of a double, its repr, a precision, and what `.{p}f` (`null` where endless) and `.{p}e` give. */
  numbers: [bits: string, repr: string, precision: number, fixed: string | null, exponential: string][];
  sizes: [shape: number[], size: string][];
}

const file = await Deno.readFile(new URL("pytorch/printouts.json.gz", import.meta.url));
const recorded: Recorded = await new Response(new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"))).json();

function dtypeOf(name: string) {
  const dtype = DTYPES.find((d) => d.name === name);
  assert(dtype, `no dtype ${name}`);
  return dtype;
}

function rebuild(r: RecordedTensor): Printable {
  const dtype = dtypeOf(r.dtype);
  const bytes = Uint8Array.from(atob(r.storage), (c) => c.charCodeAt(0));
  const data = dtype.allocate(bytes.length / dtype.itemsize);
  new Uint8Array(data.buffer).set(bytes);
  const { shape, strides, offset, requires_grad = false, grad_fn: grad_fn_name = null } = r;
  return { data, shape, strides, offset, dtype, requires_grad, grad_fn_name };
}

function tensor(data: TypedArray, shape: number[], more: Partial<Printable> = {}): Printable {
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
  return { data, shape, strides, offset: 0, dtype: float32, requires_grad: false, grad_fn_name: null, ...more };
}

function withDefaults(body: () => void): void {
  try {
    body();
  } finally {
    set_printoptions({ profile: "default" });
    set_default_dtype(float32);
  }
}

Deno.test("every recorded tensor prints as in PyTorch", () => {
  assert(recorded.tensors.length > 400);
  for (const r of recorded.tensors) {
    withDefaults(() => {
      const { threshold, ...options } = r.options ?? {};
      set_printoptions({ ...options, threshold: threshold === undefined ? null : Number(threshold === "inf" ? Infinity : threshold) });
      if (r.default_dtype) set_default_dtype(dtypeOf(r.default_dtype));
      const t = rebuild(r);
      assertEquals(r.parameter ? formatParameter(t) : formatTensor(t), r.text, JSON.stringify({ ...r, storage: undefined, text: undefined }));
    });
  }
});

Deno.test("numbers are written as Python writes them", () => {
  for (const [bits, repr, precision, f, e] of recorded.numbers) {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(`0x${bits}`));
    const x = view.getFloat64(0);
    assertEquals(formatNumber(x), repr);
    if (f !== null) assertEquals(fixed(x, precision), f, `${repr} with ${precision} places`);
    assertEquals(exponential(x, precision), e, `${repr} with ${precision} places`);
  }
});

Deno.test("sizes", () => {
  for (const [shape, size] of recorded.sizes) assertEquals(String(Size(shape)), size);
});

Deno.test("set_printoptions takes positions and names, and sci_mode returns to automatic", () => {
  const fresh = get_printoptions();
  assertEquals(fresh, { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sci_mode: null });
  withDefaults(() => {
    set_printoptions(2, 10, { linewidth: 60, sci_mode: true });
    assertEquals(get_printoptions(), { precision: 2, threshold: 10, edgeitems: 3, linewidth: 60, sci_mode: true });
    const kept = get_printoptions();
    set_printoptions({ edgeitems: 1, precision: null });
    assertEquals(get_printoptions(), { precision: 2, threshold: 10, edgeitems: 1, linewidth: 60, sci_mode: null });
    set_printoptions(kept);
    assertEquals(get_printoptions(), kept);
    set_printoptions({ edgeitems: 5, profile: "short" });
    assertEquals(get_printoptions(), { precision: 2, threshold: 1000, edgeitems: 5, linewidth: 80, sci_mode: null });
    set_printoptions(null, null, null, null, "full", false);
    assertEquals(get_printoptions(), { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80, sci_mode: false });
  });
  assertEquals(get_printoptions(), fresh);
});

Deno.test("set_printoptions refuses what Python refuses, and changes nothing then", () => {
  const before = get_printoptions();
  const unknown: PrintOptionsArguments & { foo: number } = { precision: 1, foo: 1 };
  assertThrows(() => set_printoptions(unknown), TypeError, "set_printoptions() got an unexpected keyword argument 'foo'");
  assertThrows(() => set_printoptions(2, { precision: 3 }), TypeError, "set_printoptions() got multiple values for argument 'precision'");
  assertThrows(() => set_printoptions(1, 2, 3, 4, "short", true, 7), TypeError, "set_printoptions() takes from 0 to 6 positional arguments but 7 were given");
  assertEquals(get_printoptions(), before);
});

Deno.test("a precision that Python cannot format raises its ValueError when a tensor is printed", () => {
  const t = tensor(new Float32Array([1.5]), [1]);
  withDefaults(() => {
    set_printoptions({ precision: -1 });
    assertThrows(() => formatTensor(t), ValueError, "Format specifier missing precision");
    assertEquals(formatTensor(tensor(new Float32Array([1]), [1])), "tensor([1.])");
    set_printoptions({ precision: 2.5 });
    assertThrows(() => formatTensor(t), ValueError, "Invalid format specifier '.2.5f' for object of type 'float'");
    assertThrows(() => formatTensor(tensor(new Float32Array([1e-9]), [1])), ValueError, "Invalid format specifier '.2.5e' for object of type 'float'");
  });
});

Deno.test("an object keeps its address, and no two share one", () => {
  const objects = Array.from({ length: 1000 }, () => ({}));
  const addresses = objects.map(address);
  assertEquals(new Set(addresses).size, 1000);
  for (const text of addresses) assert(/^0x7f[0-9a-f]{10}$/.test(text), text);
  assertEquals(objects.map(address), addresses);
  const node = {};
  assertEquals(formatObject("AddBackward0", node), `<AddBackward0 object at ${address(node)}>`);
  assertNotEquals(formatObject("AddBackward0", {}), formatObject("AddBackward0", {}));
});

class Shown {
  readonly printable: Printable;
  readonly inspect: (t: Printable, options?: { indentationLvl?: number }) => string;
  constructor(printable: Printable, inspect: typeof inspectTensor) {
    this.printable = printable;
    this.inspect = inspect;
  }
  [Symbol.for("Deno.customInspect")](_: unknown, options: { indentationLvl?: number }): string {
    return this.inspect(this.printable, options);
  }
}

Deno.test("console.log shows the text, and keeps columns under each other inside of arrays and objects", () => {
  const matrix = new Shown(tensor(new Float32Array([1, 2, 3, 4]), [2, 2]), inspectTensor);
  const vector = new Shown(tensor(new Float32Array([1, 2]), [2], { grad_fn_name: "MulBackward0" }), inspectTensor);
  const parameter = new Shown(tensor(new Float32Array([1, 2]), [2], { requires_grad: true }), inspectParameter);
  assertEquals(Deno.inspect(matrix), "tensor([[1., 2.],\n        [3., 4.]])");
  assertEquals(Deno.inspect(parameter), "Parameter containing:\ntensor([1., 2.], requires_grad=True)");
  assertEquals(Deno.inspect([vector, { x: vector }]), "[\n  tensor([1., 2.], grad_fn=<MulBackward0>),\n  { x: tensor([1., 2.], grad_fn=<MulBackward0>) }\n]");
  assertEquals(Deno.inspect([matrix]), "[\n  tensor([[1., 2.],\n          [3., 4.]])\n]");
  assertEquals(Deno.inspect({ a: { b: [matrix] } }), "{\n  a: {\n    b: [\n      tensor([[1., 2.],\n              [3., 4.]])\n    ]\n  }\n}");
  assertEquals(Deno.inspect([parameter]), "[\n  Parameter containing:\n  tensor([1., 2.], requires_grad=True)\n]");
});
