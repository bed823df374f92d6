/** Functions of float32 that WebAssembly computes four elements at a time, over blocks that stand in its memory. */

import { isOperation, type OperationName } from "./fuse.ts";
import { UNARY_NAMES, type UnaryName } from "./unary.ts";

/** The name of one of the functions: an operation, of which several make one pass, or an elementary function. */
export type VectorName = OperationName | UnaryName;

const FUNCTIONS: ReadonlySet<string> = new Set(UNARY_NAMES);

/** What an element of an elementary function costs in additions, measured. */
const FUNCTION_COST = 8;

/** The name among the functions that is also this op's; null where there is none. */
export function vectorName(name: string): VectorName | null {
  return isOperation(name) || FUNCTIONS.has(name) ? name as VectorName : null;
}

/** What an element costs, in additions. */
export function vectorCost(name: VectorName): number {
  return isOperation(name) ? 1 : FUNCTION_COST;
}
