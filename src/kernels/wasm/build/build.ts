/** Writes `binary.ts`: the kernels as base64, so that a module can be imported from anywhere without fetching anything else. */

import { assemble } from "./assemble.ts";

await Deno.writeTextFile(new URL("../binary.ts", import.meta.url), await assemble());
