import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import type ts from "typescript";
import { projectRoot } from "../../stacks/project";
import type { Found, Locator } from "./locator";

type Typescript = typeof ts;

/**
 * Of an estate in TypeScript, by its text: literals, constants and spreads are followed, also into files beside it. What a function makes is
 * known as far as the call. Where a spread that nobody can follow may have overwritten what stands before it, the object is told and not the
 * field.
 * @param input the estate as it was evaluated, for how long its lists are
 */
export function typescriptLocator(file: string, input: unknown): Locator {
  const typescript = typescriptFor(file);
  if (!typescript) return () => undefined;
  const reader = new Reader(typescript);
  const start = reader.exported(file, "estate") ?? reader.exported(file, "default");
  return path => {
    let [at, value] = [start, input];
    for (const key of path) {
      const next = at?.value && reader.step(at.value, key, value);
      if (!next) break;
      at = next;
      value = Reflect.get(Object(value), key);
    }
    return at && reader.found(at);
  };
}

/** That of the estate's own folder, or else of this program's; a package has it where somebody writes TypeScript. */
function typescriptFor(file: string): Typescript | undefined {
  for (const from of [file, join(projectRoot, "package.json")])
    try {
      const loaded: Typescript = createRequire(from)("typescript");
      return loaded;
    } catch {
      continue;
    }
  return undefined;
}

interface Expression {
  readonly source: ts.SourceFile;
  readonly node: ts.Expression;
}

/** Where something begins, and what stands there; no value where its text doesn't say it. */
interface At {
  readonly source: ts.SourceFile;
  readonly node: ts.Node;
  readonly value?: Expression | undefined;
}

/** Constants may name one another in a circle. */
const deepest = 50;

class Reader {
  private readonly sources = new Map<string, ts.SourceFile | undefined>();
  constructor(private readonly ts: Typescript) {}

  found({ source, node }: At): Found {
    const { line, character } = source.getLineAndCharacterOfPosition(node.getStart(source));
    return { file: source.fileName, line: line + 1, column: character + 1 };
  }

  /** What a file exports under a name. */
  exported(file: string, name: string, depth = 0): At | undefined {
    const { ts } = this;
    const source = this.sourceOf(file);
    if (!source || depth > deepest) return undefined;
    for (const statement of source.statements) {
      if (ts.isExportAssignment(statement) && !statement.isExportEquals && name === "default")
        return this.at(source, statement.expression, statement.expression, depth);
      if (
        ts.isExportDeclaration(statement) &&
        statement.exportClause &&
        ts.isNamedExports(statement.exportClause)
      )
        for (const each of statement.exportClause.elements)
          if (each.name.text === name) {
            const original = (each.propertyName ?? each.name).text;
            return statement.moduleSpecifier
              ? this.imported(source, statement.moduleSpecifier, original, depth)
              : this.declared(source, original, depth);
          }
    }
    // A constant of that name that isn't exported is another one, such as what the file's estate begins with.
    return this.declared(source, name, depth, true);
  }

  /** What a key of an object or list leads to. @param value what the object or list was evaluated to */
  step({ source, node }: Expression, key: PropertyKey, value: unknown): At | undefined {
    const { ts } = this;
    if (ts.isObjectLiteralExpression(node)) {
      const property = this.property(source, node, String(key), 0);
      return property === "unknown" ? undefined : property;
    }
    if (!ts.isArrayLiteralExpression(node)) return undefined;
    const items = this.items(source, node, 0);
    const gap = items.indexOf(undefined);
    if (gap < 0 || Number(key) < gap) return items[Number(key)];
    // Behind what nobody can count, from the end.
    const length: unknown = Reflect.get(Object(value), "length");
    const back = Number(length) - Number(key);
    return back <= items.length - 1 - items.lastIndexOf(undefined) ? items.at(-back) : undefined;
  }

  private sourceOf(file: string): ts.SourceFile | undefined {
    const known = this.sources.get(file);
    if (known || this.sources.has(file)) return known;
    const source = existsSync(file)
      ? this.ts.createSourceFile(file, readFileSync(file, "utf8"), this.ts.ScriptTarget.Latest, true)
      : undefined;
    this.sources.set(file, source);
    return source;
  }

  private at(source: ts.SourceFile, node: ts.Node, value: ts.Expression | undefined, depth: number): At {
    return { source, node, value: value && this.literal(source, value, depth + 1) };
  }

  /** The last one that gives a key wins, be it written here or spread. */
  private property(
    source: ts.SourceFile,
    object: ts.ObjectLiteralExpression,
    key: string,
    depth: number,
  ): At | "unknown" | undefined {
    const { ts } = this;
    for (const property of [...object.properties].reverse()) {
      if (ts.isSpreadAssignment(property)) {
        const spread = this.literal(source, property.expression, depth + 1);
        if (!spread || !ts.isObjectLiteralExpression(spread.node)) return "unknown";
        const found = this.property(spread.source, spread.node, key, depth + 1);
        if (found) return found;
        continue;
      }
      const { name } = property;
      const text =
        ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)
          ? name.text
          : ts.isComputedPropertyName(name) && ts.isStringLiteralLike(name.expression)
            ? name.expression.text
            : undefined;
      if (text === undefined) return "unknown";
      if (text !== key) continue;
      if (ts.isPropertyAssignment(property)) return this.at(source, name, property.initializer, depth);
      return this.at(
        source,
        name,
        ts.isShorthandPropertyAssignment(property) ? property.name : undefined,
        depth,
      );
    }
    return undefined;
  }

  /** A list's items; undefined in the place of what nobody can count. */
  private items(source: ts.SourceFile, list: ts.ArrayLiteralExpression, depth: number): (At | undefined)[] {
    const { ts } = this;
    return list.elements.flatMap(element => {
      if (!ts.isSpreadElement(element)) return [this.at(source, element, element, depth)];
      const spread = this.literal(source, element.expression, depth + 1);
      return spread && ts.isArrayLiteralExpression(spread.node)
        ? this.items(spread.source, spread.node, depth + 1)
        : [undefined];
    });
  }

  /** The expression that gives a value: without what says a type only, through names of constants and functions that give one thing. */
  private literal(source: ts.SourceFile, node: ts.Expression, depth: number): Expression | undefined {
    const { ts } = this;
    if (depth > deepest) return undefined;
    if (
      ts.isParenthesizedExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isSatisfiesExpression(node) ||
      ts.isTypeAssertionExpression(node) ||
      ts.isNonNullExpression(node) ||
      ts.isAwaitExpression(node)
    )
      return this.literal(source, node.expression, depth + 1);
    // An estate may be what a function gives.
    if (ts.isArrowFunction(node) && node.parameters.length === 0 && !ts.isBlock(node.body))
      return this.literal(source, node.body, depth + 1);
    if (ts.isIdentifier(node)) return this.declared(source, node.text, depth + 1)?.value;
    return { source, node };
  }

  /** What a file's own constant, or what it imports under that name, is. @param exported whether it has to be exported where it is declared */
  private declared(source: ts.SourceFile, name: string, depth: number, exported = false): At | undefined {
    const { ts } = this;
    if (depth > deepest) return undefined;
    for (const statement of source.statements) {
      if (
        exported &&
        !(
          ts.isVariableStatement(statement) &&
          statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
        )
      )
        continue;
      if (ts.isVariableStatement(statement))
        for (const { name: own, initializer } of statement.declarationList.declarations)
          if (
            ts.isIdentifier(own) &&
            own.text === name &&
            statement.declarationList.flags & ts.NodeFlags.Const
          )
            return this.at(source, own, initializer, depth);
      const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
      if (!ts.isImportDeclaration(statement) || !bindings || !ts.isNamedImports(bindings)) continue;
      for (const each of bindings.elements)
        if (each.name.text === name)
          return this.imported(
            source,
            statement.moduleSpecifier,
            (each.propertyName ?? each.name).text,
            depth,
          );
    }
    return undefined;
  }

  private imported(source: ts.SourceFile, from: ts.Expression, name: string, depth: number): At | undefined {
    if (!this.ts.isStringLiteral(from) || !from.text.startsWith(".")) return undefined;
    const path = resolve(dirname(source.fileName), from.text.replace(/\.js$/, ".ts"));
    const file = [path, `${path}.ts`, join(path, "index.ts")].find(
      each => each.endsWith(".ts") && existsSync(each),
    );
    return file === undefined ? undefined : this.exported(file, name, depth + 1);
  }
}
