/** A server on the loopback that hands out the files of a folder. */
export interface Server extends AsyncDisposable {
  /** Such as `127.0.0.1:8000`. */
  host: string;
  /** Such as `http://127.0.0.1:8000/`. */
  url: string;
}

const types: Record<string, string> = {
  ts: "application/typescript",
  js: "text/javascript",
  json: "application/json",
  wasm: "application/wasm",
  html: "text/html; charset=utf-8",
};

/** Serves a folder, this repository unless told otherwise, on a free port until it is disposed of. */
export function serve(folder: URL = new URL("../../", import.meta.url)): Server {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname;
    try {
      const body = await Deno.readFile(new URL(`.${path}`, folder));
      return new Response(body, { headers: { "content-type": types[path.split(".").at(-1) ?? ""] ?? "text/plain; charset=utf-8" } });
    } catch {
      return new Response(`no file ${path}`, { status: 404 });
    }
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return { host, url: `http://${host}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}
