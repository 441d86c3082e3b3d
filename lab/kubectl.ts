import { join } from "node:path";
import { debianPackages } from "./debian";
import { fixedFacts } from "./facts";

/** The folder of Debian's own kubectl, for what is printed for people; fetched the first time, which needs the network. */
export async function kubectlFolder(): Promise<string> {
  return join(await debianPackages("kubectl", ["kubectl"], "trixie"), "usr/bin");
}

/** What whoever works with the lab's cluster has in the environment. */
export async function operatorEnvironment(): Promise<Readonly<Record<string, string>>> {
  return { KUBECONFIG: fixedFacts.kubeconfig, PATH: `${await kubectlFolder()}:${process.env["PATH"] ?? ""}` };
}
