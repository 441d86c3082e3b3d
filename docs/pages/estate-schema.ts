import { estateJsonSchema } from "../../plan/estate/json-schema";
import type { Page } from "./page";

/** The estate's JSON schema, for editors and for estates that other tools write. */
export function estateSchemaPage(): Page {
  return { path: "estate.schema.json", text: `${JSON.stringify(estateJsonSchema(), undefined, 2)}\n` };
}
