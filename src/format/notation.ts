/**
 * The notation of a floating-point tensor: integers (`3.`), decimals (`3.1416`) or scientific (`3.1416e+00`),
 * one for all its elements.
 */
import { ValueError } from "../errors.ts";
import { exponential, fixed } from "./numbers.ts";
import { currentOptions } from "./options.ts";

/** What the notation depends on: the absolute values of the elements that are neither zero nor infinite nor NaN. */
export interface Range {
  /** The smallest; `Infinity` where there are none. */
  min: number;
  /** The largest; 0 where there are none. */
  max: number;
  /** Whether all of them are integers; true where there are none. */
  integers: boolean;
}

/** A way to write a number. */
export type Writer = (x: number) => string;

/** Surveys the elements that decide about the notation. A float32 counts with its exact value, and the ratio is taken in double precision. */
export function rangeOf(values: readonly number[]): Range {
  const range: Range = { min: Infinity, max: 0, integers: true };
  for (const value of values) {
    if (!isDecisive(value)) continue;
    const size = Math.abs(value);
    if (size < range.min) range.min = size;
    if (size > range.max) range.max = size;
    if (range.integers && !Number.isInteger(value)) range.integers = false;
  }
  return range;
}

/** Whether an element takes part in the choice of notation and width: it is finite and not zero. */
export function isDecisive(value: number): boolean {
  return value !== 0 && Number.isFinite(value);
}

/**
 * THE RULE FOR SCIENTIFIC NOTATION: the values span more than a factor of 1,000, or the largest exceeds 1e8,
 * or, where not all are integers, the smallest is below 1e-4.
 */
export function needsScientific({ min, max, integers }: Range): boolean {
  return max / min > 1000 || max > 1e8 || (!integers && min < 1e-4);
}

/**
 * The notation that the values call for, and the one that is shown: another where the option `sci_mode` asks for it.
 * The column width comes from the former, even then. Without decisive values there is nothing to ask for.
 *
 * @throws {ValueError} Python's, where digits after the point are shown and the option `precision` is not a natural number
 */
export function chooseNotation(range: Range): { natural: Writer; shown: Writer } {
  const { precision, sci_mode } = currentOptions;
  const scientific: Writer = (x) => exponential(x, precision);
  const plain: Writer = range.integers ? integer : (x) => fixed(x, precision);
  const natural = needsScientific(range) ? scientific : plain;
  const shown = sci_mode === null || range.max === 0 ? natural : sci_mode ? scientific : plain;
  if (natural !== integer || shown !== integer) checkPrecision(precision, natural === scientific ? "e" : "f");
  return { natural, shown };
}

/** Integers in a floating-point tensor end in a point. */
function integer(x: number): string {
  return Number.isFinite(x) ? fixed(x, 0) + "." : fixed(x, 0);
}

function checkPrecision(precision: number, letter: string): void {
  if (precision < 0) throw new ValueError("Format specifier missing precision");
  if (!Number.isInteger(precision)) throw new ValueError(`Invalid format specifier '.${precision}${letter}' for object of type 'float'`);
}
