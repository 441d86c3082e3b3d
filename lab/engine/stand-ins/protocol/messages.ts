import { jsonOf } from "./errors";
import { messages, struct } from "./modules";
import { type ChangeKind, topKey } from "./diff";
import type { CheckFailure, Diff, Subject } from "./provider";
import type { Values } from "./values";

type Struct = InstanceType<typeof struct.Struct>;

export function propertiesOf(properties: Struct | undefined): Values {
  return properties ? (properties.toJavaScript() as Values) : {};
}

export function structOf(values: Values): Struct {
  return struct.Struct.fromJavaScript(jsonOf(values));
}

/** Type and name are the last two parts of a URN: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
export function subjectOf(request: { getUrn(): string }): Subject {
  const urn = request.getUrn();
  const [, , types = "", ...name] = urn.split("::");
  return { urn, type: types.split("$").at(-1) ?? types, name: name.join("::") };
}

export function checked(
  inputs: Values,
  failures: readonly CheckFailure[],
): InstanceType<typeof messages.CheckResponse> {
  const response = new messages.CheckResponse();
  response.setInputs(structOf(inputs));
  for (const { property, reason } of failures) {
    const failure = new messages.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

export function diffed({
  changes,
  replaces,
  deleteBeforeReplace,
}: Diff): InstanceType<typeof messages.DiffResponse> {
  const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
  const response = new messages.DiffResponse();
  response.setChanges(changes.size > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  // The engine's one-line summary knows top-level properties only.
  response.setDiffsList([...new Set([...changes.keys()].map(topKey))]);
  response.setReplacesList([...replaces]);
  response.setDeletebeforereplace(deleteBeforeReplace ?? false);
  for (const [path, kind] of changes) {
    const change = new messages.PropertyDiff();
    change.setKind(kindOf(kind, replaces.includes(path)));
    change.setInputdiff(true);
    response.getDetaileddiffMap().set(path, change);
  }
  return response;
}

function kindOf(kind: ChangeKind, replaces: boolean): 0 | 1 | 2 | 3 | 4 | 5 {
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = messages.PropertyDiff.Kind;
  switch (kind) {
    case "add":
      return replaces ? ADD_REPLACE : ADD;
    case "delete":
      return replaces ? DELETE_REPLACE : DELETE;
    case "update":
      return replaces ? UPDATE_REPLACE : UPDATE;
  }
}
