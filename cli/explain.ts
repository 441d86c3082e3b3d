import { nearest } from "../plan/contracts/near";

/** A node of the estate's JSON schema, as far as it is told. */
export interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Field>>;
  readonly items?: Field;
  readonly additionalProperties?: Field | boolean;
  readonly anyOf?: readonly Field[];
  readonly oneOf?: readonly Field[];
}

export interface Found {
  readonly field: Field;
  readonly isRequired: boolean;
}

/**
 * The field that a path leads to, as `layers.offsite-sync.legs`: lists are passed without a word (or by [] and [0]), the names of things
 * by any word, and of what has several kinds the kind may be one ("services.photos.data.volume.pool").
 */
export function fieldAt(root: Field, path: string): Found | { readonly fault: string } {
  let found: Found = { field: root, isRequired: true };
  const passed: string[] = [];
  for (const word of path
    .replace(/\[[^\]]*\]/g, "")
    .split(".")
    .filter(each => each !== "")) {
    const next = below(found.field, word);
    if (!next) return { fault: noSuchField(passed.join("."), word, found.field) };
    found = next;
    passed.push(word);
  }
  return found;
}

function below(field: Field, word: string): Found | undefined {
  const object = elementOf(field);
  const [, own] = Object.entries(object.properties ?? {}).find(([name]) => name === word) ?? [];
  if (own) return { field: own, isRequired: object.required?.includes(word) === true };
  if (typeof object.additionalProperties === "object")
    return { field: object.additionalProperties, isRequired: false };
  const kinds = kindsOf(object);
  const kind = kinds.find(each => kindNameOf(each) === word);
  if (kind) return { field: kind, isRequired: false };
  return kinds.map(each => below(each, word)).find(each => each !== undefined);
}

/** What a list is of; the field itself where it is none. */
function elementOf(field: Field): Field {
  return field.items ? elementOf(field.items) : field;
}

function kindsOf({ anyOf, oneOf }: Field): readonly Field[] {
  return anyOf ?? oneOf ?? [];
}

/** The word by which one of several kinds is told from the others. */
function kindNameOf({ properties = {} }: Field): string | undefined {
  const [text] = Object.values(properties).flatMap(each =>
    typeof each.const === "string" ? [each.const] : [],
  );
  return text;
}

function namesOf(field: Field): string[] {
  const object = elementOf(field);
  const kinds = kindsOf(object);
  const ofKinds = kinds.flatMap(kind => [kindNameOf(kind) ?? [], namesOf(kind)].flat());
  return [...new Set([...Object.keys(object.properties ?? {}), ...ofKinds])];
}

function noSuchField(at: string, word: string, field: Field): string {
  const names = namesOf(field);
  const [meant] = nearest(word, names);
  const where = at === "" ? "an estate" : at;
  if (names.length === 0) return `${where} has no fields, so none that is called ${JSON.stringify(word)}.`;
  const hint = meant === undefined ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  return `${where} has no field ${JSON.stringify(word)}.${hint} It has: ${names.join(", ")}.`;
}

/** A field and those below it, for a person. @param path as it was asked for; empty for an estate */
export function fieldText(path: string, { field, isRequired }: Found): string {
  const head = path === "" ? "An estate has these fields." : `${path}: ${wordsOf(field, isRequired)}`;
  const said = path === "" ? undefined : field.description;
  return [said === undefined ? head : `${head}\n${said}`, ...bodyOf(field)].join("\n\n");
}

function bodyOf(field: Field): string[] {
  const object = elementOf(field);
  const kinds = kindsOf(object);
  const named = typeof object.additionalProperties === "object" ? bodyOf(object.additionalProperties) : [];
  return [
    ...fieldsText(object),
    ...(named.length > 0 ? ["Each, under its name:", ...named] : []),
    ...(kinds.length > 0 ? ["One of:", ...kinds.flatMap(kindText)] : []),
  ];
}

function kindText(kind: Field): string[] {
  const name = kindNameOf(kind);
  const fields = fieldsText(kind);
  if (name === undefined) return fields.length > 0 ? fields : [wordsOf(kind, false)];
  const more = namesOf(kind).filter(each => kind.properties?.[each]?.const !== name);
  const [said] = Object.values(kind.properties ?? {}).filter(each => each.const === name);
  return [`  ${name}: ${said?.description ?? ""}\n      ${more.join(", ")}`];
}

function fieldsText({ properties = {}, required = [] }: Field): string[] {
  return Object.entries(properties).map(
    ([name, field]) =>
      `  ${name}: ${wordsOf(field, required.includes(name))}\n      ${field.description ?? ""}`,
  );
}

/** What may stand in a field, in a few words. */
function wordsOf(field: Field, isRequired: boolean): string {
  const usual = field.default === undefined ? "may be left out" : `by default ${shown(field.default)}`;
  return `${valueWords(field)}, ${isRequired ? "has to be there" : usual}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text === "[]" || text === "{}" ? "none" : text;
}

function valueWords(field: Field): string {
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum) return `one of ${field.enum.map(value => JSON.stringify(value)).join(", ")}`;
  if (field.items) return `list of ${pluralOf(valueWords(field.items))}`;
  if (kindsOf(field).length > 0) return severalKinds;
  switch (field.type) {
    case "object":
      return typeof field.additionalProperties === "object"
        ? `${pluralOf(valueWords(field.additionalProperties))} by name`
        : "fields";
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return `number${rangeOf(field)}`;
    default:
      return "text";
  }
}

const severalKinds = "one of several kinds";

function pluralOf(words: string): string {
  if (words === "text") return "texts";
  if (words === severalKinds) return "things of several kinds";
  return words.replace(/^number\b/, "numbers");
}

/** zod tells the bounds of what a number can be where an estate has none. */
function rangeOf({ minimum, maximum }: Field): string {
  const [least, most] = [minimum, maximum].map(bound =>
    bound !== undefined && Number.isSafeInteger(bound) && Math.abs(bound) < Number.MAX_SAFE_INTEGER
      ? bound
      : undefined,
  );
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined) return `, ${least} or more`;
  return most === undefined ? "" : `, ${most} or less`;
}
