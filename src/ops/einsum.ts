/**
 * Einstein's notation for sums of products.
 */
import { RuntimeError, ValueError } from "../errors.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { sumproduct } from "./sumproduct.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ELLIPSIS = "...";

/** The subscripts of one operand or of the output: letters, and an ellipsis at most once. */
type Subscripts = string[];

function readSubscripts(equation: string, start: number, end: number, where: string, ofOutput: boolean): Subscripts {
  const out: Subscripts = [];
  for (let i = start; i < end; i++) {
    const c = equation[i];
    if (c === " ") continue;
    if (c === ".") {
      if (out.includes(ELLIPSIS)) {
        throw new RuntimeError(
          ofOutput
            ? "einsum(): found '.' for output but an ellipsis (...) was already found"
            : `einsum(): found '.' for ${where} for which an ellipsis was already found`,
        );
      }
      if (equation.slice(i, Math.min(i + 3, end)) !== ELLIPSIS) {
        throw new RuntimeError(`einsum(): found '.' for ${where} that is not part of any ellipsis${ofOutput ? " (...)" : ""}`);
      }
      out.push(ELLIPSIS);
      i += 2;
      continue;
    }
    if (!LETTERS.includes(c)) throw new RuntimeError(`einsum(): invalid subscript given at index ${i} in the equation string, subscripts must be in [a-zA-Z]`);
    if (ofOutput && out.includes(c)) throw new RuntimeError(`einsum(): output subscript ${c} appears more than once in the output`);
    out.push(c);
  }
  return out;
}

interface Equation {
  operands: Subscripts[];
  /** Null where the equation leaves the output open. */
  output: Subscripts | null;
}

function readEquation(equation: string, operands: number): Equation {
  const arrow = equation.indexOf("->");
  const end = arrow < 0 ? equation.length : arrow;
  const inputs: Subscripts[] = [];
  for (let start = 0; start <= end;) {
    const comma = equation.indexOf(",", start);
    const stop = comma < 0 || comma > end ? end : comma;
    if (inputs.length === operands) throw new RuntimeError("einsum(): fewer operands were provided than specified in the equation");
    inputs.push(readSubscripts(equation, start, stop, `operand ${inputs.length}`, false));
    start = stop + 1;
  }
  return { operands: inputs, output: arrow < 0 ? null : readSubscripts(equation, arrow + 2, equation.length, "output", true) };
}

/** Where every letter's dimension stands in the permuted operands. */
interface Plan {
  place: Map<string, number>;
  /** The first of the dimensions that ellipses cover, and their number. */
  ellipsis: number;
  covered: number;
  /** The number of dimensions of the output; those beyond are summed. */
  kept: number;
  total: number;
}

function plan({ operands, output }: Equation, tensors: readonly Tensor[]): Plan {
  let covered = 0;
  const count = new Map<string, number>();
  operands.forEach((labels, i) => {
    const letters = labels.filter((c) => c !== ELLIPSIS);
    const rank = tensors[i].sizes.length;
    if (labels.length === letters.length && rank !== letters.length) {
      throw new RuntimeError(
        `einsum(): the number of subscripts in the equation (${letters.length}) does not match the number of dimensions (${rank}) for operand ${i} and no ellipsis was given`,
      );
    }
    if (rank < letters.length) {
      throw new RuntimeError(
        `einsum(): the number of subscripts in the equation (${letters.length}) is more than the number of dimensions (${rank}) for operand ${i}`,
      );
    }
    if (labels.length > letters.length) covered = Math.max(covered, rank - letters.length);
    for (const c of letters) count.set(c, (count.get(c) ?? 0) + 1);
  });
  const sorted = [...LETTERS].filter((c) => count.has(c));
  const wanted = output ?? [ELLIPSIS, ...sorted.filter((c) => count.get(c) === 1)];
  const place = new Map<string, number>();
  let total = 0, ellipsis = -1;
  for (const c of wanted) {
    if (c === ELLIPSIS) {
      ellipsis = total;
      total += covered;
      continue;
    }
    if (!count.has(c)) throw new RuntimeError(`einsum(): output subscript ${c} does not appear in the equation for any input operand`);
    place.set(c, total++);
  }
  const kept = total;
  if (ellipsis < 0) {
    ellipsis = total;
    total += covered;
  }
  for (const c of sorted) if (!place.has(c)) place.set(c, total++);
  return { place, ellipsis, covered, kept, total };
}

/** An operand with a dimension for every place of the plan: repeated letters read the diagonal, missing ones have size 1. */
function arranged(tensor: Tensor, labels: Subscripts, number: number, { place, ellipsis, covered, total }: Plan): Tensor {
  const dims = new Array<number>(total).fill(-1);
  const seen = new Map<string, number>();
  const rank = tensor.sizes.length;
  let out = tensor, at = 0;
  for (const c of labels) {
    const before = seen.get(c);
    if (c === ELLIPSIS) {
      for (let missing = covered - (rank - (labels.length - 1)); missing > 0; missing--) out = out.unsqueeze(at);
      for (let k = 0; k < covered; k++) dims[ellipsis + k] = at++;
    } else if (before !== undefined) {
      if (out.sizes[at] !== out.sizes[before]) {
        throw new RuntimeError(
          `einsum(): subscript ${c} is repeated for operand ${number} but the sizes don't match, ${out.sizes[at]} != ${out.sizes[before]}`,
        );
      }
      out = out.diagonal(0, before, at).movedim(-1, before);
    } else {
      seen.set(c, at);
      dims[place.get(c)!] = at++;
    }
  }
  for (let d = 0; d < total; d++) {
    if (dims[d] >= 0) continue;
    out = out.unsqueeze(-1);
    dims[d] = at++;
  }
  return out.permute(dims);
}

/** The sizes that the operands broadcast to, and for each dimension how many operands are not 1 in it. */
function sharedSizes(operands: readonly Tensor[], { place, ellipsis, covered, total }: Plan): number[] {
  const sizes = new Array<number>(total).fill(1), sharing = new Array<number>(total).fill(0);
  const names = new Array<string>(total);
  for (const [c, d] of place) names[d] = c;
  operands.forEach((t, i) => {
    t.sizes.forEach((n, d) => {
      if (n === 1) return;
      if (sizes[d] !== 1 && sizes[d] !== n) {
        throw new RuntimeError(
          d >= ellipsis && d < ellipsis + covered
            ? `einsum(): dimension ${
              d - ellipsis
            } covered by ellipsis in operand ${i}has size ${n} which does not broadcast with previously seen ellipsis with size ${
              sizes[d]
            } for the respective dimension`
            : `einsum(): subscript ${names[d]} has size ${n} for operand ${i} which does not broadcast with previously seen size ${sizes[d]}`,
        );
      }
      sizes[d] = n;
      sharing[d]++;
    });
  });
  return sharing;
}

function contracted(equation: string, tensors: readonly Tensor[]): Tensor {
  const read = readEquation(equation, tensors.length);
  if (read.operands.length < tensors.length) throw new RuntimeError("einsum(): more operands were provided than specified in the equation");
  const order = plan(read, tensors);
  const operands = tensors.map((t, i) => arranged(t, read.operands[i], i, order));
  const sharing = sharedSizes(operands, order);
  let left = operands[0];
  for (const right of operands.slice(1)) left = contractPair(left, right, order, sharing);
  if (order.total === order.kept) return left;
  if (operands.length > 1) return left.view(left.sizes.slice(0, order.kept)); // the summed dimensions have size 1 by now
  return left.sum(Array.from({ length: order.total - order.kept }, (_, i) => order.kept + i));
}

/** The product of two operands, summed over the dimensions that no later operand and no output has. */
function contractPair(left: Tensor, right: Tensor, { kept, total }: Plan, sharing: number[]): Tensor {
  const common: number[] = [], ofLeft: number[] = [], ofRight: number[] = [];
  for (let d = kept; d < total; d++) {
    const inLeft = left.sizes[d] !== 1, inRight = right.sizes[d] !== 1;
    if (inLeft && inRight) {
      if (--sharing[d] !== 1) continue;
      common.push(d);
      sharing[d] = 0;
    } else if (sharing[d] === 1 && (inLeft || inRight)) {
      (inLeft ? ofLeft : ofRight).push(d);
      sharing[d] = 0;
    }
  }
  if (ofLeft.length > 0) left = left.sum(ofLeft, true);
  if (ofRight.length > 0) right = right.sum(ofRight, true);
  return sumproduct(left, right, common);
}

/** A list of numbers as subscripts: 0 to 25 are capital letters, 26 to 51 small ones. */
function fromNumbers(list: readonly (number | "...")[]): string {
  return list.map((n) => {
    if (n === ELLIPSIS) return ELLIPSIS;
    if (!(n >= 0 && n < LETTERS.length)) throw new ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)");
    return LETTERS[n];
  }).join("");
}

/** Subscripts as numbers below 52, or an ellipsis. */
export type SubscriptList = readonly (number | "...")[];

/**
 * A sum of products in Einstein's notation: `einsum("ij,jk->ik", a, b)` is the product of two matrices. Letters that are not in
 * the output are summed over; a letter repeated in one operand reads its diagonal; `...` stands for dimensions that broadcast.
 * Without `->` the output has the letters that occur once, in alphabetical order. Operands can also be followed by lists of
 * numbers that stand for their letters. Operands are contracted from left to right, recorded as the products that it comes to.
 */
export function einsum(equation: string, ...operands: (Tensor | readonly Tensor[])[]): Tensor;
/** The same with lists of numbers for letters: each operand with its list, then perhaps the list of the output. */
export function einsum(operand: Tensor, ...rest: (Tensor | SubscriptList)[]): Tensor;
export function einsum(first: string | Tensor, ...rest: (Tensor | readonly Tensor[] | SubscriptList)[]): Tensor {
  if (rest.length === 1 && Array.isArray(rest[0]) && typeof first === "string") return einsum(first, ...rest[0] as Tensor[]);
  if (rest.length === 0) {
    throw new ValueError("einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list");
  }
  if (first instanceof Tensor) {
    const all = [first, ...rest];
    const paired = all.length - all.length % 2;
    const inputs: string[] = [], tensors: Tensor[] = [];
    for (let i = 0; i < paired; i += 2) {
      tensors.push(all[i] as Tensor);
      inputs.push(fromNumbers(all[i + 1] as SubscriptList));
    }
    return contracted(inputs.join(",") + (paired < all.length ? `->${fromNumbers(all[paired] as SubscriptList)}` : ""), tensors);
  }
  if (typeof first !== "string") throw new TypeError(`einsum(): argument 'equation' (position 1) must be str, not ${pythonType(first)}`);
  return contracted(first, rest as Tensor[]);
}
