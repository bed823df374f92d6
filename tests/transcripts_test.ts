/** Programs print what they print on PyTorch (tests/pytorch/record_transcripts.py), to the letter. */

import { assertEquals } from "@std/assert";
import { readRecording } from "./support/recording.ts";
import { graphs } from "./transcripts/graphs.ts";
import { learning } from "./transcripts/learning.ts";
import { library } from "./transcripts/library.ts";
import { memory } from "./transcripts/memory.ts";
import { numbers } from "./transcripts/numbers.ts";
import { type Programs, run } from "./transcripts/program.ts";

const recorded = await readRecording<Record<string, string>>("transcripts.json.gz");
const programs: Programs = { ...graphs, ...memory, ...numbers, ...learning, ...library };

for (const [name, program] of Object.entries(programs)) {
  Deno.test(`program ${name.replaceAll("_", " ")}`, () => assertEquals(run(program), recorded[name]));
}

Deno.test("every recorded program is here", () => assertEquals(Object.keys(programs), Object.keys(recorded)));
