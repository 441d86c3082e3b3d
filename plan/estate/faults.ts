import { visible } from "../visible";

/** One thing wrong with an estate, in the words of whoever has to mend it. */
export interface EstateFault {
  /** Where, e.g. `estate.layers["nfs-mirror"][0].budget`. */
  readonly path: string;
  /** The value found there, as JSON; "nothing" if absent. */
  readonly value: string;
  /** What is wrong and what is allowed. */
  readonly problem: string;
}

/** Every fault of an estate, at once. `message` has a line for each. */
export class EstateInvalid extends Error {
  /** @param file where the estate was read from, if from one */
  constructor(
    readonly faults: readonly EstateFault[],
    file?: string,
  ) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(
      `The estate${file === undefined ? "" : ` in "${file}"`} has ${count}; nothing was changed.\n${faults.map(faultLine).join("\n")}`,
    );
    this.name = "EstateInvalid";
  }
}

function faultLine(fault: EstateFault): string {
  const { path, value, problem } = fault;
  return `  ${path}: ${value}${problem.startsWith(":") ? "" : " "}${problem}`;
}

/** A value as JSON, cut to what fits a line; "nothing" for an absent one. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text =
    typeof value === "bigint" || typeof value === "function" || typeof value === "symbol"
      ? String(value)
      : visible(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** A path as one would write it in TypeScript. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return /^[A-Za-z_]\w*$/.test(String(part))
      ? `${text}.${String(part)}`
      : `${text}[${visible(JSON.stringify(String(part)))}]`;
  }, "estate");
}

/** The same below the estate: "links[0].latency". */
export function fieldText(path: readonly PropertyKey[]): string {
  return pathText(path).slice("estate.".length);
}

/** The path that such a text names. */
export function pathNamed(text: string): (string | number)[] {
  return [...text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|(\w+)/g)].map(([, index, quoted, word]) =>
    index === undefined ? String(quoted === undefined ? word : JSON.parse(quoted)) : Number(index),
  );
}
