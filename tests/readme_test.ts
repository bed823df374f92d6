import { assertEquals, assertStringIncludes } from "@std/assert";

const root = new URL("../", import.meta.url);

Deno.test("the README's example prints what the README says", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", root));
  const [, program, output] = readme.match(/```ts\n(.*?)```\n\n```text\n(.*?)```/s)!;
  const lines = output.trimEnd().split("\n");
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program.replace("./mod.ts", new URL("mod.ts", root).href));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "--no-prompt", file] }).output();
    assertEquals(new TextDecoder().decode(stdout).trimEnd().split("\n"), lines.slice(0, -1));
    assertStringIncludes(new TextDecoder().decode(stderr), lines.at(-1)!);
    assertEquals(code, 1);
  } finally {
    await Deno.remove(file);
  }
});
