/**
 * The texts of what stands around tensors: parameters, nodes, and tensors inside of arrays and objects.
 */
import { formatTensor, type Printable } from "./tensor.ts";

/** A parameter: a line that says so, then the tensor. */
export function formatParameter(t: Printable): string {
  return "Parameter containing:\n" + formatTensor(t);
}

/**
 * What `console.log` shows of a tensor in Deno: the text of `String(t)`. `options` are those that Deno hands to a method named
 * `Symbol.for("Deno.customInspect")` as its second argument. Deno inserts such a text as it is; inside of arrays and objects
 * the lines after the first must move right with their surroundings, else the columns of a matrix no longer stand under each other.
 */
export function inspectTensor(t: Printable, options?: InspectOptions): string {
  return indentContinuation(formatTensor(t), options);
}

/** `inspectTensor` for a parameter. */
export function inspectParameter(t: Printable, options?: InspectOptions): string {
  return indentContinuation(formatParameter(t), options);
}

/** What matters here of the options that Deno hands to a custom inspection. */
export interface InspectOptions {
  /** How far the surrounding arrays and objects are indented. */
  readonly indentationLvl?: number;
}

function indentContinuation(text: string, options?: InspectOptions): string {
  const indent = options?.indentationLvl ?? 0;
  return indent === 0 ? text : text.replaceAll("\n", "\n" + " ".repeat(indent));
}

/**
 * Python's text of an object that has none of its own, such as a node: `<AddBackward0 object at 0x7f3a5c0e1040>`.
 * The name of a custom function's node carries its module: `torch.autograd.function.FBackward`.
 */
export function formatObject(name: string, object: object): string {
  return `<${name} object at ${address(object)}>`;
}

const addresses = new WeakMap<object, string>();
/** The distance of neighbours on Python's heap, about. */
const ADDRESS_STEP = 0x50;
let nextAddress = 0x7f3a5c0e1040;

/** An address for an object, which in JavaScript has none: always the same for one object, never the same for two. */
export function address(object: object): string {
  let text = addresses.get(object);
  if (text === undefined) {
    text = `0x${nextAddress.toString(16)}`;
    nextAddress += ADDRESS_STEP;
    addresses.set(object, text);
  }
  return text;
}
