/** What the programs in this folder are made of. */

import * as torch from "../../mod.ts";
import { errorLine } from "../support/recording.ts";

/** What a program writes with. */
export interface Console {
  /** Python's print. */
  print: (...values: unknown[]) => void;
  /** Prints what an action raises. */
  raises: (action: () => unknown) => void;
}

/** Programs by name. */
export type Programs = Record<string, (console: Console) => void>;

/** A value as Python's print writes it, inside of a list with quotes around text. */
function text(value: unknown, inside = false): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return inside ? `'${value}'` : value;
  if (Array.isArray(value) && !(value instanceof torch.Size)) return `[${value.map((v) => text(v, true)).join(", ")}]`;
  return String(value);
}

/** Runs a program and gives what it printed; addresses of objects read 0xADDR. */
export function run(program: (console: Console) => void): string {
  let out = "";
  const print = (...values: unknown[]) => {
    out += values.map((v) => text(v)).join(" ") + "\n";
  };
  const raises = (action: () => unknown) => {
    try {
      action();
    } catch (error) {
      return print(errorLine(error));
    }
    print("no error");
  };
  torch.manual_seed(0);
  program({ print, raises });
  return out.replace(/0x[0-9a-f]{6,}/g, "0xADDR");
}
