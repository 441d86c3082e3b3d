import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Locator } from "./locator";

/** Of a file in YAML, or in JSON, which reads as YAML. */
export function yamlLocator(file: string, text: string): Locator {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: false });
  const at = (offset: number | undefined) => {
    if (offset === undefined) return undefined;
    const { line, col } = counter.linePos(offset);
    return { file, line, column: col };
  };
  return path => {
    let [node, offset]: [unknown, number | undefined] = [document.contents, document.contents?.range?.[0]];
    for (const key of path) {
      const owner: unknown = isAlias(node) ? node.resolve(document) : node;
      const next = isMap(owner)
        ? entryOf(owner.items, key)
        : isSeq(owner)
          ? itemOf(owner.items[Number(key)])
          : undefined;
      if (!next) break;
      [node, offset] = next;
    }
    return at(offset);
  };
}

type Step = [node: unknown, offset: number | undefined];

/** Of two alike, the last one counts. What a merge key brings stands elsewhere. */
function entryOf(
  items: readonly { readonly key: unknown; readonly value: unknown }[],
  key: PropertyKey,
): Step | undefined {
  const pair = items.findLast(item => isScalar(item.key) && String(item.key.value) === String(key));
  return pair && [pair.value, startOf(pair.key)];
}

function itemOf(item: unknown): Step | undefined {
  return isNode(item) ? [item, startOf(item)] : undefined;
}

function startOf(node: unknown): number | undefined {
  return (isNode(node) ? (node as Node) : undefined)?.range?.[0];
}
