/**
 * What Python would call a JavaScript value: for the messages of argument errors.
 */

/** The name of the Python type that a value stands for by the rules of the mapping: `int`, `float`, `list`, `NoneType`, `Tensor` ... */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    case "string":
      return "str";
    case "function":
      return "function";
  }
  const name = (value as object).constructor?.name;
  if (name === "Size") return "torch.Size";
  if (name === "device" || name === "dtype" || name === "Generator") return `torch.${name}`;
  if (Array.isArray(value)) return "list";
  if (name === undefined || name === "Object" || name === "Map") return "dict";
  return name;
}

/** Whether a value is a plain object: what carries keyword arguments. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
