// What `import … from "holdfast"` gives.
export { Estate, type EstateArgs } from "./estate";
export { EstateInvalid, parseEstate } from "../plan";
export type { EstateInput } from "../plan";
