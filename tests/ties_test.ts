import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

/** One recorded call: see pytorch/record_ties.py. */
interface Case {
  op: "sort" | "topk" | "kthvalue" | "median" | "nanmedian" | "mode" | "max" | "min" | "cummax" | "cummin" | "argmax" | "argmin";
  args: number[];
  kwargs: Record<string, boolean>;
  dtype: "float32" | "float64" | "int64" | "int32" | "uint8" | "bool";
  shape: number[];
  x: (number | "nan")[];
  indices: number[];
}

async function recorded(): Promise<Case[]> {
  const file = await Deno.open(new URL("pytorch/ties.json.gz", import.meta.url));
  return await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).json();
}

type Method = (...args: unknown[]) => torch.TensorClass | torch.ValuesIndices;

function run({ op, args, kwargs, dtype, shape, x }: Case): { input: torch.TensorClass; values: torch.TensorClass | null; indices: torch.TensorClass } {
  const input = torch.tensor(x.map(Number), { dtype: torch.float64 }).to(torch[dtype]).reshape(shape);
  const method = input[op] as Method;
  const result = Object.keys(kwargs).length === 0 ? method.call(input, ...args) : method.call(input, ...args, kwargs);
  return result instanceof torch.Tensor ? { input, values: null, indices: result } : { input, values: result.values, indices: result.indices };
}

const numbers = (t: torch.TensorClass): unknown => t.reshape(-1).to(torch.float64).tolist();

Deno.test("equal elements are selected and ordered as by PyTorch", async (t) => {
  const byOp = Map.groupBy(await recorded(), (c) => c.op);
  for (const [op, cases] of byOp) {
    await t.step(`${op}, ${cases.length} cases`, () => {
      for (const c of cases) {
        assertEquals(numbers(run(c).indices), c.indices, `${op} of ${c.dtype} ${JSON.stringify(c.shape)} with ${JSON.stringify([c.args, c.kwargs])}`);
      }
    });
  }
});

Deno.test("selected values are the elements at the indices", async () => {
  for (const c of await recorded()) {
    const { input, values, indices } = run(c);
    if (values === null || c.shape.length !== 1) continue;
    assertEquals(numbers(values), numbers(input.index_select(0, indices.reshape(-1))), `${c.op} of ${JSON.stringify(c.shape)}`);
  }
});
