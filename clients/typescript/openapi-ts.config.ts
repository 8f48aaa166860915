// Settings of @hey-api/openapi-ts, which generates `src/generated` from openapi.json.
import { readFileSync } from "node:fs";
import { $, defineConfig } from "@hey-api/openapi-ts";

type Node = { [key: string]: any };

const document: Node = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));

/**
 * Marks base64 text and uploaded files with a `format`, because the generator's resolvers see only formats.
 * An upload may be a Blob or bytes; a picture in an answer is always a Blob.
 */
function markFormats(node: any, binary: string): any {
  if (Array.isArray(node)) return node.map((child) => markFormats(child, binary));
  if (node === null || typeof node !== "object") return node;
  const mark = ([key, child]: [string, any]) => [key, markFormats(child, key === "requestBody" ? "upload" : binary)];
  const made: Node = Object.fromEntries(Object.entries(node).map(mark));
  if (made.format === "binary") made.format = binary;
  if (made.contentEncoding === "base64") made.format = "base64";
  return made;
}

/**
 * Adds a call for each operation that can answer with an image instead of JSON, selected by `Accept`.
 * Its path ends in `#image`; the fragment is not sent.
 */
function withPictureCalls(paths: Node): Node {
  const made: Node = {};
  for (const [path, item] of Object.entries(paths)) {
    made[path] = item;
    for (const [method, operation] of Object.entries<Node>(item)) {
      const content: Node = operation.responses["200"]?.content ?? {};
      const images = Object.keys(content).filter((type) => type.startsWith("image/"));
      if (!("application/json" in content) || images.length === 0) continue;
      const accept = {
        in: "header",
        name: "accept",
        required: true,
        description: "Media type of the image.",
        schema: { type: "string", enum: images },
      };
      const answer = {
        description: "The first result's bytes.",
        content: { "image/*": { schema: { type: "string", format: "binary" } } },
      };
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
const files = () => $.type.or($.type("Blob"), $.type("Uint8Array"), $.type("Array").generic(file()));

/** Decodes base64 text to bytes: `Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0))`. */
const decoded = (text: any) =>
  $("Uint8Array").attr("from").call($("atob").call($(text)), $("(byte: string) => byte.charCodeAt(0)"));

export default defineConfig({
  input: markFormats({ ...document, paths: withPictureCalls(document.paths) }, "binary"),
  output: { path: "src/generated", clean: true, importFileExtension: ".js" },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true },
    {
      name: "@hey-api/typescript",
      "~resolvers": {
        string: ({ schema }) =>
          schema.format === "upload" ? file() : schema.format === "base64" ? $.type("Uint8Array") : undefined,
        array: ({ schema }) => (schema.items?.[0]?.format === "upload" ? files() : undefined),
      },
    },
    {
      name: "@hey-api/transformers",
      dates: false,
      bigInt: false,
      transformers: [
        ({ schema, dataExpression }) =>
          schema.format === "base64" && dataExpression && typeof dataExpression !== "string"
            ? [$(dataExpression as any).assign(decoded(dataExpression))]
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
