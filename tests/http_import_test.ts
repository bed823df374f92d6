import { assertEquals } from "@std/assert";
import { serve } from "./support/serve.ts";

const program = (url: string) => `
import * as torch from "${url}";
const x = torch.ones(2, 2, { requires_grad: true });
x.add(2).square().mul(3).mean().backward();
console.log(x.grad);
`;

Deno.test("a program imports mod.ts over HTTP and runs a backward", async () => {
  await using server = serve();
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/main.ts`, program(`${server.url}mod.ts`));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-config", "--quiet", `--allow-import=${server.host}`, "main.ts"],
      cwd: directory,
      env: { DENO_DIR: `${directory}/cache` },
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    assertEquals(new TextDecoder().decode(stdout), "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])\n");
    assertEquals(code, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
