import type { InForce } from "../../plan/contracts/in-force";

/** What something that is in force is called where it is told. */
export function subjectOf(one: InForce): string {
  switch (one.kind) {
    case "release":
      return one.job;
    case "unit":
      return one.unit;
    case "mount":
      return one.path;
    case "certificate":
      return one.url;
    case "rights":
      return one.kubeconfig;
    case "rules":
      return one.group;
    case "route":
      return `${one.namespace}/${one.object}/${one.receiver}`;
    case "textfiles":
      return one.folder;
    default:
      return one satisfies never;
  }
}
