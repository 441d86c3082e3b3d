import { join } from "node:path";
import { debianPackages } from "./debian";

/** The folder of Debian's own kubectl, for what is printed for people; fetched the first time, which needs the network. */
export async function kubectlFolder(): Promise<string> {
  return join(await debianPackages("kubectl", ["kubectl"], "trixie"), "usr/bin");
}
