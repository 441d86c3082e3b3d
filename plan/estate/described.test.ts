import { estateJsonSchema } from "./json-schema";

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

/** Fields below a node, as `layers.offsite-sync[].legs`, each with its description. */
function fieldsOf(node: Node, at: string): (readonly [path: string, description: string | undefined])[] {
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = node;
  const own = Object.entries(properties).flatMap(([name, field]) => {
    const path = at === "" ? name : `${at}.${name}`;
    return [[path, field.description] as const, ...fieldsOf(field, path)];
  });
  const values = typeof additionalProperties === "object" ? fieldsOf(additionalProperties, `${at}.*`) : [];
  const kinds = [...anyOf, ...oneOf].flatMap(kind => fieldsOf(kind, at));
  return [...own, ...(items ? fieldsOf(items, `${at}[]`) : []), ...values, ...kinds];
}

test("each field of an estate says what it is, for an editor and for whoever reads the schema", () => {
  const fields = fieldsOf(estateJsonSchema() as Node, "");
  expect(fields.length).toBeGreaterThan(600);
  expect(fields.filter(([, text]) => (text ?? "").length < 8)).toEqual([]);
});
