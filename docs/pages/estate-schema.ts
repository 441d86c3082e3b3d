import { z } from "zod";
import { estateSchema } from "../../plan/estate/schema";
import type { Page } from "./page";

/** The estate's JSON schema, for editors and for estates that other tools write. Grammars within texts are not in it. */
export function estateSchemaPage(): Page {
  const schema = z.toJSONSchema(estateSchema, { io: "input", unrepresentable: "any" });
  return { path: "estate.schema.json", text: `${JSON.stringify(schema, undefined, 2)}\n` };
}
