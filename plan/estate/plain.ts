import { actingCharacter, visible } from "../visible";
import { EstateInvalid, pathText, shown } from "./faults";

// An estate nests nine deep, and one of eighty hosts with 80,000 volumes is a million values.
const mostDeep = 32;
const mostValues = 2_000_000;
const mostLetters = 50_000_000;

/**
 * A copy of an estate as plain data: what JSON can say. Nothing of what it was made from is read after this, so that what
 * was checked is what is used.
 * @param isProxy whether reading an object would run code; only Node can tell
 * @throws {EstateInvalid} with the first value that is no data: it cycles, throws, is a function or an object of a class
 */
export function plainData(input: unknown, isProxy: (value: object) => boolean = () => false): unknown {
  return new Walk(isProxy).copy(input);
}

class Walk {
  private readonly path: PropertyKey[] = [];
  private readonly above: object[] = [];
  private values = 0;
  private letters = 0;
  constructor(private readonly isProxy: (value: object) => boolean) {}

  copy(value: unknown): unknown {
    if (++this.values > mostValues)
      this.refuse("it", `holds more than ${mostValues / 1e6} million values. Leave out what no job reads`);
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return Number.isFinite(value)
          ? value
          : this.refuse(String(value), "is no number that is finite. Write the number itself, e.g. 100");
      case "object":
        return value === null ? null : this.object(value);
      case "boolean":
      case "undefined":
        return value;
      case "bigint":
        return this.refuse(`${value}n`, `is a BigInt, which is no data. Write ${value}`);
      default:
        return this.refuse(`a ${typeof value}`, "is no data. Write the value that it stands for");
    }
  }

  private text(value: string): string {
    this.letters += value.length;
    if (this.letters > mostLetters)
      this.refuse("it", `holds more than ${mostLetters / 1e6} million letters. Leave out what no job reads`);
    const acting = actingCharacter(value);
    return acting === undefined
      ? value
      : this.refuse(
          shown(value),
          `has the character ${acting}, which acts on a terminal or hides text. Remove it`,
        );
  }

  private object(value: object): object {
    if (this.isProxy(value)) this.refuse("a Proxy", "is no data. Write the object that it stands for");
    if (this.above.includes(value))
      this.refuse("an object that holds itself", "has no end. Refer to things by their names");
    if (this.above.length >= mostDeep)
      this.refuse("it", `nests more than ${mostDeep} deep, which no estate does. Look for what nests it`);
    this.above.push(value);
    const copied = Array.isArray(value) ? this.list(value) : this.fields(value);
    this.above.pop();
    return copied;
  }

  private list(values: readonly unknown[]): unknown[] {
    return Array.from({ length: values.length }, (_, index) => {
      this.path.push(index);
      const entry = this.copy(values[index]);
      if (entry === undefined) this.refuse("nothing", "is an entry of a list. Remove it, or fill it in");
      this.path.pop();
      return entry;
    });
  }

  private fields(value: object): object {
    const prototype: unknown = Object.getPrototypeOf(value);
    // Of any realm: a plain object is made right from the one object that has nothing above it.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) this.refuse(...ofClass(value));
    if (Object.getOwnPropertySymbols(value).length > 0)
      this.refuse("an object with a symbol as a name", "is no data. Remove it");
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      this.path.push(key);
      this.named(key);
      const field = this.copy(this.read(value, key));
      // A builder's optional field.
      if (field !== undefined) copied[key] = field;
      this.path.pop();
    }
    return copied;
  }

  private named(key: string): void {
    if (key in Object.prototype)
      this.refuse("the name", "is one that each JavaScript object has of its own. Choose another name");
    this.text(key);
  }

  private read(from: object, key: string): unknown {
    try {
      return (from as Readonly<Record<string, unknown>>)[key];
    } catch (error) {
      return this.refuse("a getter", `throws: ${errorText(error)}. Write the value itself`);
    }
  }

  private refuse(value: string, problem: string): never {
    throw new EstateInvalid([{ path: pathText(this.path), value, problem }]);
  }
}

function ofClass(value: object): [value: string, problem: string] {
  const { constructor }: { readonly constructor: unknown } = value;
  const name = typeof constructor === "function" ? constructor.name : "";
  switch (name) {
    case "Object":
      return [
        "an object with a prototype",
        'is no data. Write { … } with its fields, and none called "__proto__"',
      ];
    case "Date":
      return ["a Date", 'is no data. Write its text, e.g. "2027-06-30"'];
    case "Promise":
      return ["a Promise", "is no data. Await it"];
    case "Map":
    case "Set":
      return [`a ${name}`, "is no data. Write { … } or [ … ]"];
    default:
      return [`an object of class ${name}`, "is no data. Write { … } with its fields"];
  }
}

/** What somebody else's code threw, in a line. */
export function errorText(error: unknown): string {
  try {
    const text = error instanceof Error ? error.message : String(error);
    const line = visible(text.trim().replace(/\s+/g, " "));
    return line.length > 400 ? `${line.slice(0, 397)}...` : line || "an error without a message";
  } catch {
    return "something that isn't even text";
  }
}
