// How @hey-api/openapi-ts makes `src/generated` of the served document.
import { readFileSync } from "node:fs";
import { $, defineConfig } from "@hey-api/openapi-ts";

type Node = { [key: string]: any };

const document: Node = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));

/** The generator knows formats, not encodings; and files that are sent may be of more types than those that come back. */
function marked(node: any, binary: string): any {
  if (Array.isArray(node)) return node.map((child) => marked(child, binary));
  if (node === null || typeof node !== "object") return node;
  const made: Node = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, marked(child, key === "requestBody" ? "upload" : binary)]));
  if (made.format === "binary") made.format = binary;
  if (made.contentEncoding === "base64") made.format = "base64";
  return made;
}

/** Where an answer may be a picture instead of JSON, by `Accept`, that is a call of its own (`#` and what follows is not sent). */
function withPictures(paths: Node): Node {
  const made: Node = {};
  for (const [path, item] of Object.entries(paths)) {
    made[path] = item;
    for (const [method, operation] of Object.entries<Node>(item)) {
      const content: Node = operation.responses["200"]?.content ?? {};
      const pictures = Object.keys(content).filter((type) => type.startsWith("image/"));
      if (!("application/json" in content) || pictures.length === 0) continue;
      const accept = { in: "header", name: "accept", required: true, description: "the kind of picture", schema: { type: "string", enum: pictures } };
      const answer = { description: "The first result's bytes.", content: { "image/*": { schema: { type: "string", format: "binary" } } } };
      made[`${path}#image`] = {
        [method]: {
          ...operation,
          operationId: `${operation.operationId}Image`,
          parameters: [...(operation.parameters ?? []), accept],
          responses: { ...operation.responses, 200: answer },
        },
      };
    }
  }
  return made;
}

const file = () => $.type.or($.type("Blob"), $.type("Uint8Array"));

export default defineConfig({
  input: marked({ ...document, paths: withPictures(document.paths) }, "binary"),
  output: { path: "src/generated", clean: true, importFileExtension: ".js" },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true },
    {
      name: "@hey-api/typescript",
      "~resolvers": {
        string: ({ schema }) => (schema.format === "upload" ? file() : schema.format === "base64" ? $.type("Uint8Array") : undefined),
        array: ({ schema }) =>
          schema.items?.[0]?.format === "upload" ? $.type.or($.type("Blob"), $.type("Uint8Array"), $.type("Array").generic(file())) : undefined,
      },
    },
    {
      name: "@hey-api/transformers",
      dates: false,
      bigInt: false,
      transformers: [
        ({ schema, dataExpression }) =>
          schema.format === "base64" && dataExpression && typeof dataExpression !== "string"
            ? [$(dataExpression as any).assign($("Uint8Array").attr("from").call($("atob").call($(dataExpression as any)), $("(byte: string) => byte.charCodeAt(0)")))]
            : undefined,
      ],
    },
    {
      name: "@hey-api/sdk",
      operations: { strategy: "single", containerName: "Calls", nesting: "operationId", methods: "instance" },
      paramsStructure: "flat",
      responseStyle: "data",
      transformer: true,
    },
  ],
});
