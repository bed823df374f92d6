/**
 * Objects whose keys are known before their values: arguments by name, and what derivative formulas are given.
 */

/**
 * The function that makes an object with these keys of values in the same order: a literal compiled from the names where that is
 * allowed, for objects that grow key by key cost several times as much.
 */
export function objectOf(keys: readonly string[]): (values: readonly unknown[]) => Record<string, unknown> {
  try {
    return new Function("v", `return {${keys.map((k, i) => `${JSON.stringify(k)}: v[${i}]`).join(", ")}}`) as ReturnType<typeof objectOf>;
  } catch {
    return (values) => Object.fromEntries(keys.map((k, i) => [k, values[i]]));
  }
}
