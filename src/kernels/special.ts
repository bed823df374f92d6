/** The special functions that `Math` lacks, of double-precision numbers: the door to the files in `special/`. */
export { erf, erfc } from "./special/erf.ts";
