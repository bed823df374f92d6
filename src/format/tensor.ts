/**
 * The text of a tensor, character for character PyTorch 2.6's.
 */
import { bool, type DType, get_default_dtype, int64, type TypedArray } from "../dtype.ts";
import { chooseNotation, isDecisive, rangeOf } from "./notation.ts";
import { currentOptions } from "./options.ts";

/** What printing needs to know of a tensor. */
export interface Printable {
  /** The storage; `bool` is held as 0 and 1. */
  readonly data: TypedArray;
  /** The size of each dimension. */
  readonly shape: readonly number[];
  /** The steps between neighbours, in elements of `data`. */
  readonly strides: readonly number[];
  /** Where in `data` the first element stands. */
  readonly offset: number;
  /** The element type. */
  readonly dtype: DType;
  /** Whether gradients are recorded. */
  readonly requires_grad: boolean;
  /** The name of the node that made it, such as `MulBackward0`; `null` for a leaf. */
  readonly grad_fn_name: string | null;
  /** The text of its tangent if it is a dual of forward mode. */
  readonly tangent?: string | null;
}

/** The elements that are shown, as text in row-major order, and the width of their column. */
interface Cells {
  readonly texts: readonly string[];
  readonly width: number;
}

/** Which elements of a tensor are shown. */
interface Excerpt {
  /** For each dimension the steps from its first element to those shown. */
  readonly steps: readonly (readonly number[])[];
  /** For each dimension how many items stand before the dots; -1 where none are left out. */
  readonly gaps: readonly number[];
}

const PREFIX = "tensor(";

/** `String(t)` and `repr(t)`: `tensor([1., 2.], grad_fn=<MulBackward0>)`. */
export function formatTensor(t: Printable): string {
  const text = PREFIX + formatElements(t);
  return appendSuffixes(text, suffixes(t)) + ")";
}

/** The nested brackets of the elements. */
function formatElements(t: Printable): string {
  const count = t.shape.reduce((product, size) => product * size, 1);
  if (count === 0) return "[]";
  const summarized = count > currentOptions.threshold;
  if (summarized && currentOptions.edgeitems === 0 && t.shape.length > 0) return "[...]";
  const excerpt = choose(t, summarized);
  return layOut(excerpt, write(t, excerpt));
}

/** All elements, or in a summary the first and the last `edgeitems` of each dimension. */
function choose(t: Printable, summarized: boolean): Excerpt {
  const edge = currentOptions.edgeitems;
  const steps: number[][] = [];
  const gaps: number[] = [];
  t.shape.forEach((size, d) => {
    const cut = summarized && size > 2 * edge;
    const skipped = cut ? size - 2 * edge : 0;
    const shown = size - skipped;
    steps.push(Array.from({ length: shown }, (_, i) => (cut && i >= edge ? i + skipped : i) * t.strides[d]));
    gaps.push(cut ? edge : -1);
  });
  return { steps, gaps };
}

/** The shown elements in row-major order. */
function gather<T>(data: ArrayLike<T>, offset: number, { steps }: Excerpt): T[] {
  let places = [offset];
  for (const inDimension of steps) {
    const further: number[] = [];
    for (const place of places) {
      for (const step of inDimension) further.push(place + step);
    }
    places = further;
  }
  return places.map((place) => data[place]);
}

/** Writes the shown elements; they alone decide about notation and width, also in a summary. */
function write(t: Printable, excerpt: Excerpt): Cells {
  const { data, offset } = t;
  if (t.dtype === bool) return measure(gather<unknown>(data, offset, excerpt).map((value) => value ? "True" : "False"));
  if (data instanceof BigInt64Array) return measure(gather(data, offset, excerpt).map(String));
  const values = gather<number>(data, offset, excerpt);
  return t.dtype.is_floating_point ? writeFloats(values) : measure(values.map(String));
}

/** Zeros, infinities and NaNs do not widen a column: they may stick out of it. */
function writeFloats(values: readonly number[]): Cells {
  const { natural, shown } = chooseNotation(rangeOf(values));
  const texts = values.map(shown);
  let width = 1;
  values.forEach((value, i) => {
    if (isDecisive(value)) width = Math.max(width, (natural === shown ? texts[i] : natural(value)).length);
  });
  return { texts, width };
}

function measure(texts: readonly string[]): Cells {
  return { texts, width: texts.reduce((width, text) => Math.max(width, text.length), 1) };
}

/** Sets the cells in brackets: rows wrap at the line width, and a blank line more for each outer dimension separates blocks. */
function layOut({ steps, gaps }: Excerpt, { texts, width }: Cells): string {
  const rank = steps.length;
  if (rank === 0) return texts[0].padStart(width);
  let next = 0;

  const row = (indent: number): string => {
    const gap = gaps[rank - 1];
    const perLine = Math.max(1, Math.floor((currentOptions.linewidth - indent) / (width + 2)));
    const wrap = newline(1, indent);
    let text = "[";
    let placed = 0;
    const place = (item: string): void => {
      text += (placed === 0 ? "" : placed % perLine === 0 ? wrap : ", ") + item;
      placed++;
    };
    for (const _ of steps[rank - 1]) {
      if (placed === gap) place(" ...");
      place(texts[next++].padStart(width));
    }
    return text + "]";
  };

  const block = (d: number, indent: number): string => {
    if (d === rank - 1) return row(indent);
    const items: string[] = [];
    for (const _ of steps[d]) {
      if (items.length === gaps[d]) items.push("...");
      items.push(block(d + 1, indent + 1));
    }
    return "[" + items.join(newline(rank - 1 - d, indent)) + "]";
  };

  return block(0, PREFIX.length);
}

/** What separates lines within brackets that stand `indent` characters from the left. */
function newline(count: number, indent: number): string {
  return "," + "\n".repeat(count) + " ".repeat(indent + 1);
}

/** What follows the elements, in PyTorch's order. */
function suffixes(t: Printable): string[] {
  const found: string[] = [];
  const empty = t.shape.includes(0);
  if (empty ? t.shape.length !== 1 : currentOptions.edgeitems === 0) found.push(`size=${formatTuple(t.shape)}`);
  const evident = t.dtype === get_default_dtype() || (!empty && (t.dtype === int64 || t.dtype === bool));
  if (!evident) found.push(`dtype=${t.dtype}`);
  if (t.grad_fn_name !== null) found.push(`grad_fn=<${t.grad_fn_name}>`);
  else if (t.requires_grad) found.push("requires_grad=True");
  if (t.tangent) found.push(`tangent=${t.tangent}`);
  return found;
}

/** Python's text of a tuple of integers: `()`, `(3,)`, `(2, 3)`. */
function formatTuple(items: readonly number[]): string {
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
}

/** A suffix that would pass the line width starts a new line under the elements. */
function appendSuffixes(text: string, found: readonly string[]): string {
  // PyTorch counts the characters after the last line break, the break itself and one for the closing parenthesis.
  let used = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of found) {
    if (used + suffix.length + 2 > currentOptions.linewidth) {
      text += ",\n" + " ".repeat(PREFIX.length) + suffix;
      used = PREFIX.length + suffix.length;
    } else {
      text += ", " + suffix;
      used += suffix.length + 2;
    }
  }
  return text;
}
