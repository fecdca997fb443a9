// GitHub's packages import .json files without an import attribute, which Node 20 and newer refuse: serve them as modules.
import { register } from "node:module";

register(
  "data:text/javascript," +
    encodeURIComponent(`
      import { readFile } from "node:fs/promises";
      export async function load(url, context, next) {
        if (!url.startsWith("file:") || !url.endsWith(".json")) return next(url, context);
        const source = "export default " + (await readFile(new URL(url), "utf8"));
        return { format: "module", shortCircuit: true, source };
      }`),
);
