import { assertEquals } from "@std/assert";
import { chromium } from "playwright-core";
import { serve } from "./support/serve.ts";

const root = new URL("../", import.meta.url);

/** What every place where the module runs must print: the gradient of mean(3 (x + 2)^2) where x is 1. */
const program = `
const x = torch.ones(2, 2, { requires_grad: true });
x.add(2).square().mul(3).mean().backward();
`;
const gradient = "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])";

/** Runs a program to its end and returns what it wrote, or throws with its complaints. */
async function run(command: string, args: string[], cwd: string | URL = root): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function where_is(...names: string[]): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}`)).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

const browser_path = where_is("chromium", "chromium-browser", "google-chrome");

Deno.test({
  name: "a page imports the one file that deno bundle makes",
  ignore: browser_path === undefined,
  async fn() {
    const directory = await Deno.makeTempDir();
    try {
      await run(Deno.execPath(), ["bundle", "--quiet", "--platform", "browser", "--output", `${directory}/gradus.js`, "mod.ts"]);
      await Deno.writeTextFile(`${directory}/page.html`, "<!doctype html><title>Gradus</title>");
      await using server = serve(new URL(`file://${directory}/`));
      const browser = await chromium.launch({ executablePath: browser_path, args: ["--no-sandbox"] });
      try {
        const page = await browser.newPage();
        await page.goto(`${server.url}page.html`);
        assertEquals(await page.evaluate(`import("./gradus.js").then((torch) => { ${program} return String(x.grad); })`), gradient);
      } finally {
        await browser.close();
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

const node = where_is("node");

Deno.test({
  name: "Node imports the tarball that deno pack makes",
  ignore: node === undefined,
  async fn() {
    const directory = await Deno.makeTempDir();
    try {
      const installed = `${directory}/node_modules/@gradus/gradus`;
      await Deno.mkdir(installed, { recursive: true });
      await run(Deno.execPath(), ["pack", "--quiet", "--allow-dirty", "--output", `${directory}/gradus.tgz`]);
      await run("tar", ["-xzf", `${directory}/gradus.tgz`, "-C", installed, "--strip-components=1"]);
      await Deno.writeTextFile(`${directory}/main.mjs`, `import * as torch from "@gradus/gradus";${program}console.log(String(x.grad));`);
      assertEquals(await run(node!, ["main.mjs"], directory), `${gradient}\n`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
