import { Estate } from "holdfast";
import { estate } from "./estate";

/** `pulumi stack output ruleFile` is all alert rules as a file, for a Prometheus without the operator. */
export const { releases, ruleFile } = new Estate(estate.name, { estate });
