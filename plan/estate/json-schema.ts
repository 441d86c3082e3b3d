import { z } from "zod";
import { estateSchema } from "./schema";

/** The JSON schema of an estate as an operator writes it, with what may be left out. Grammars within texts are not in it. */
export function estateJsonSchema() {
  return z.toJSONSchema(estateSchema, { io: "input", unrepresentable: "any" });
}
