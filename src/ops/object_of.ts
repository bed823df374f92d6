/**
 * Objects whose keys are known before their values: arguments by name, and what derivative formulas are given.
 */

let compiled = 0;

/** The function that gives an object's values of these keys; the other way round than `objectOf`, and fast for the same reason. */
export function valuesOf(keys: readonly string[]): (object: Record<string, unknown>) => unknown[] {
  try {
    // equal texts share what the engine has learnt about objects, so each gets a number
    return new Function("o", `return [${keys.map((k) => `o[${JSON.stringify(k)}]`).join(", ")}]; // ${++compiled}`) as ReturnType<typeof valuesOf>;
  } catch {
    return (object) => keys.map((k) => object[k]);
  }
}

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
