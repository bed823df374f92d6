/**
 * std/assert by its own names and with its own meaning, over `node:assert/strict`.
 *
 * Tests import it as `@std/assert`; one line of deno.json's import map says that this file is meant. Only what std/assert has is here,
 * so that the line may point to std/assert itself.
 */
import node from "node:assert/strict";

/** What a failed assertion throws. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

type Falsy = false | 0 | 0n | "" | null | undefined;
type Class<T> = abstract new (...args: never[]) => T;

function suffix(message?: string): string {
  return message ? `: ${message}` : "";
}

function quote(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : Deno.inspect(value);
}

/** Equality in depth: same prototypes, own enumerable properties and elements; NaN equals NaN and 0 equals -0. */
export function equal(a: unknown, b: unknown): boolean {
  return equal_below(a, b, new Map());
}

function equal_below(a: unknown, b: unknown, seen: Map<unknown, unknown>): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) && !(is_plain(a) && is_plain(b))) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (is_typed_array(a) && is_typed_array(b)) return a.length === b.length && a.every((value, i) => value === b[i] || Object.is(value, b[i]));
  if (a instanceof WeakMap || a instanceof WeakSet || a instanceof WeakRef) return false;
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof Error && b instanceof Error && (a.message !== b.message || !equal_below(a.cause, b.cause, seen))) return false;
  if (a instanceof Set && b instanceof Set && !equal_members([...a], [...b], seen)) return false;
  if (a instanceof Map && b instanceof Map && !equal_members([...a], [...b], seen)) return false;
  const keys = Reflect.ownKeys(a).filter((key) => Object.prototype.propertyIsEnumerable.call(a, key));
  const others = Reflect.ownKeys(b).filter((key) => Object.prototype.propertyIsEnumerable.call(b, key));
  if (keys.length !== others.length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equal_below(Reflect.get(a, key), Reflect.get(b, key), seen));
}

function is_typed_array(value: object): value is Float64Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function is_plain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function equal_members(a: unknown[], b: unknown[], seen: Map<unknown, unknown>): boolean {
  return a.length === b.length && a.every((x) => b.some((y) => equal_below(x, y, new Map(seen))));
}

/** The expression is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** The expression is falsy. */
export function assertFalse(expr: unknown, msg?: string): asserts expr is Falsy {
  if (expr) throw new AssertionError(`Expected value to be falsy${suffix(msg)}`);
}

/** Equal in depth. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`Values are not equal${suffix(msg)}\n${strict_difference(actual, expected)}`);
}

/** node:assert words the difference of two values line by line. */
function strict_difference(actual: unknown, expected: unknown): string {
  try {
    node.deepStrictEqual(actual, expected);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return `actual ${Deno.inspect(actual)}, expected ${Deno.inspect(expected)}`;
}

/** Not equal in depth. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) throw new AssertionError(`Expected actual: ${quote(actual)} not to be: ${quote(expected)}${suffix(msg)}`);
}

/** The same value by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw new AssertionError(`Values are not strictly equal${suffix(msg)}\n${strict_difference(actual, expected)}`);
}

/** Not the same value by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (Object.is(actual, expected)) throw new AssertionError(`Expected "actual" to not be strictly equal to: ${quote(actual)}${suffix(msg)}`);
}

/** Within a tolerance: 1e-7 of the expected value unless another is given. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= allowed) return;
  throw new AssertionError(`Expected actual: "${actual}" to be close to "${expected}": delta "${delta}" is greater than "${allowed}"${suffix(msg)}`);
}

/** Every expected element is among the actual ones. */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void {
  const missing = Array.from(expected).filter((item) => !Array.from(actual).some((other) => equal(item, other)));
  if (missing.length > 0) {
    throw new AssertionError(`Expected actual: ${quote(actual)} to include: ${quote(expected)}${suffix(msg)}\nmissing: ${quote(missing)}`);
  }
}

/** Neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) throw new AssertionError(`Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`);
}

/** actual > expected. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) throw new AssertionError(`Expect ${quote(actual)} > ${quote(expected)}${suffix(msg)}`);
}

/** actual >= expected. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) throw new AssertionError(`Expect ${quote(actual)} >= ${quote(expected)}${suffix(msg)}`);
}

/** actual < expected. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) throw new AssertionError(`Expect ${quote(actual)} < ${quote(expected)}${suffix(msg)}`);
}

/** actual <= expected. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) throw new AssertionError(`Expect ${quote(actual)} <= ${quote(expected)}${suffix(msg)}`);
}

/** An instance of the class. */
export function assertInstanceOf<T>(actual: unknown, expectedType: Class<T>, msg?: string): asserts actual is T {
  if (!(actual instanceof expectedType)) {
    throw new AssertionError(`Expected object to be an instance of "${expectedType.name}" but was ${quote(actual)}${suffix(msg)}`);
  }
}

/** Not an instance of the class. */
export function assertNotInstanceOf<A, T>(actual: A, unexpectedType: Class<T>, msg?: string): asserts actual is Exclude<A, T> {
  if (actual instanceof unexpectedType) throw new AssertionError(`Expected object to not be an instance of "${unexpectedType.name}"${suffix(msg)}`);
}

/** An error of the class, whose message contains or matches the given one. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: Class<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) throw new AssertionError(`Expected "error" to be an Error object${suffix(msg)}`);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw new AssertionError(`Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor.name}": ${error.message}${suffix(msg)}`);
  }
  if (msgMatches === undefined) return;
  const holds = typeof msgMatches === "string" ? error.message.includes(msgMatches) : msgMatches.test(error.message);
  if (!holds) throw new AssertionError(`Expected error message to include ${quote(msgMatches)}, but got ${quote(error.message)}${suffix(msg)}`);
}

/** The text matches. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) throw new AssertionError(`Expected actual: ${quote(actual)} to match: ${quote(expected)}${suffix(msg)}`);
}

/** The text does not match. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) throw new AssertionError(`Expected actual: ${quote(actual)} to not match: ${quote(expected)}${suffix(msg)}`);
}

/** The text contains the other. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) throw new AssertionError(`Expected actual: ${quote(actual)} to contain: ${quote(expected)}${suffix(msg)}`);
}

/** What is expected is a part, in depth, of what there is. */
export function assertObjectMatch(actual: Record<PropertyKey, unknown>, expected: Record<PropertyKey, unknown>, msg?: string): void {
  if (!matches(actual, expected)) throw new AssertionError(`Objects do not match${suffix(msg)}\n${strict_difference(actual, expected)}`);
}

function matches(actual: unknown, expected: unknown): boolean {
  if (typeof expected !== "object" || expected === null || typeof actual !== "object" || actual === null) return equal(actual, expected);
  if (!Array.isArray(expected) && !is_plain(expected)) return equal(actual, expected);
  return Reflect.ownKeys(expected).every((key) => Reflect.has(actual, key) && matches(Reflect.get(actual, key), Reflect.get(expected, key)));
}

/** The function throws; returns what it threw, which is of the class and contains the message where these are given. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(fn: () => unknown, ErrorClass: Class<E>, msgIncludes?: string, msg?: string): E;
export function assertThrows(fn: () => unknown, classOrMsg?: Class<Error> | string, msgIncludes?: string, msg?: string): unknown {
  let thrown: { error: unknown } | undefined;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  if (thrown === undefined) throw new AssertionError(`Expected function to throw${suffix(typeof classOrMsg === "string" ? classOrMsg : msg)}`);
  if (typeof classOrMsg === "function") assertIsError(thrown.error, classOrMsg, msgIncludes, msg);
  return thrown.error;
}

/** The promise is rejected; resolves to its reason, which is of the class and contains the message where these are given. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: Class<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch {
    throw new AssertionError(`Function throws when expected to reject${suffix(typeof classOrMsg === "string" ? classOrMsg : msg)}`);
  }
  let rejected: { error: unknown } | undefined;
  try {
    await promise;
  } catch (error) {
    rejected = { error };
  }
  if (rejected === undefined) throw new AssertionError(`Expected function to reject${suffix(typeof classOrMsg === "string" ? classOrMsg : msg)}`);
  if (typeof classOrMsg === "function") assertIsError(rejected.error, classOrMsg, msgIncludes, msg);
  return rejected.error;
}

/** Fails. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

/** Marks a place that is never reached. */
export function unreachable(reason?: string): never {
  throw new AssertionError(reason ?? "Unreachable");
}
