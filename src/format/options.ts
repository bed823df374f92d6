/**
 * How tensors are printed: `torch.set_printoptions`.
 */

/** The options in force, as `torch._tensor_str.get_printoptions()` gives them. */
export interface PrintOptions {
  /** Digits after the decimal point (default 4). */
  precision: number;
  /** A tensor with more elements than this is summarised (default 1000). */
  threshold: number;
  /** How many items a summary shows at either end of a dimension (default 3). */
  edgeitems: number;
  /** Characters a line (default 80). */
  linewidth: number;
  /** `true` and `false` force and forbid scientific notation; `null` (default) leaves it to the values. */
  sci_mode: boolean | null;
}

/** The arguments of `set_printoptions` by their names; what is left out or `null` stays, except for `sci_mode`, which returns to `null`. */
export interface PrintOptionsArguments {
  /** Digits after the decimal point. */
  precision?: number | null;
  /** A tensor with more elements than this is summarised. */
  threshold?: number | null;
  /** How many items a summary shows at either end of a dimension. */
  edgeitems?: number | null;
  /** Characters a line. */
  linewidth?: number | null;
  /** `default`, `short` (2 digits, 2 edge items) or `full` (no summaries), applied before the other arguments. */
  profile?: "default" | "short" | "full" | null;
  /** Forces or forbids scientific notation. */
  sci_mode?: boolean | null;
}

type Profile = Omit<PrintOptions, "sci_mode">;

const DEFAULTS: Profile = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 };
const PROFILES = new Map<unknown, Profile>([
  ["default", DEFAULTS],
  ["short", { ...DEFAULTS, precision: 2, edgeitems: 2 }],
  ["full", { ...DEFAULTS, threshold: Infinity }],
]);
const PARAMETERS = ["precision", "threshold", "edgeitems", "linewidth", "profile", "sci_mode"] as const;

const options: PrintOptions = { ...DEFAULTS, sci_mode: null };

/** The options in force; a live object for the printing code alone, which must not change it. */
export const currentOptions: Readonly<PrintOptions> = options;

/**
 * Sets how tensors are printed: `set_printoptions({ precision: 2 })`, or the arguments `precision, threshold, edgeitems,
 * linewidth, profile, sci_mode` in this order, or both. As in PyTorch, `sci_mode` returns to automatic unless it is given.
 *
 * @throws {TypeError} for an unknown name, too many arguments, or one given twice
 */
export function set_printoptions(...args: (PrintOptionsArguments | number | string | boolean | null | undefined)[]): void {
  const { profile, ...given } = readArguments(args);
  const changes = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  Object.assign(options, PROFILES.get(profile), { sci_mode: null }, Object.fromEntries(changes));
}

/** A copy of the options in force; `set_printoptions(get_printoptions())` changes nothing. */
export function get_printoptions(): PrintOptions {
  return { ...options };
}

/** Joins positional and keyword arguments. */
function readArguments(args: readonly unknown[]): PrintOptionsArguments {
  const last = args.at(-1);
  const keywords = typeof last === "object" && last !== null ? last : {};
  const positional = keywords === last ? args.slice(0, -1) : args;
  if (positional.length > PARAMETERS.length) {
    throw new TypeError(`set_printoptions() takes from 0 to ${PARAMETERS.length} positional arguments but ${positional.length} were given`);
  }
  for (const name of Object.keys(keywords)) {
    const place = (PARAMETERS as readonly string[]).indexOf(name);
    if (place < 0) throw new TypeError(`set_printoptions() got an unexpected keyword argument '${name}'`);
    if (place < positional.length) throw new TypeError(`set_printoptions() got multiple values for argument '${name}'`);
  }
  return { ...Object.fromEntries(positional.map((value, i) => [PARAMETERS[i], value])), ...keywords };
}
