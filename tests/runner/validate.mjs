// GitHub's own validator, as its editor extension runs it. stdin: {documents: {path: text}, actions: {owner/name[/path]: text},
// workflows: {reference: text}}; stdout: [{path, line, message}]. Actions are known by their metadata, at any ref.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const fromTools = createRequire(process.cwd() + "/");
const load = (name) => import(pathToFileURL(fromTools.resolve.paths(name)[0] + "/" + name));
const { validate, registerLogger } = await load("@actions/languageservice/dist/index.js");
const { fileIdentifier } = await load("@actions/workflow-parser/dist/workflows/file-reference.js");
const { TextDocument } = await load("vscode-languageserver-textdocument/lib/esm/main.js");
const { parse } = await load("yaml/dist/index.js");

// What goes wrong inside it, it only logs: that would be a file that nobody has looked at.
const refuse = (message) => {
  throw new Error(message);
};
registerLogger({ error: refuse, warn: refuse, info() {}, log() {} });

const { documents, actions, workflows } = JSON.parse(readFileSync(0, "utf8"));
const config = {
  actionsMetadataProvider: {
    async fetchActionMetadata({ owner, name, path }) {
      const text = actions[[owner, name, path].filter(Boolean).join("/")];
      return text && parse(text);
    },
  },
  fileProvider: {
    async getFileContent(reference) {
      const name = fileIdentifier(reference);
      if (!(name in workflows)) throw new Error(`no workflow ${name}`);
      return { name, content: workflows[name] };
    },
  },
};
const found = [];
for (const [path, text] of Object.entries(documents)) {
  for (const { range, message } of await validate(TextDocument.create(path, "yaml", 1, text), config)) {
    found.push({ path, line: range.start.line + 1, message });
  }
}
process.stdout.write(JSON.stringify(found));
