import * as pulumi from "@pulumi/pulumi";
import type { EstateInput } from "../plan";
import { deploy, type Outputs } from "../stacks/program";
import { surroundings } from "../stacks/surroundings";

export interface EstateArgs {
  readonly estate: EstateInput;
}

/**
 * All that an estate asks for: jobs on its hosts, dumps in its cluster, alerts and their routes. A stack has one of it; the
 * stack's configuration says how hosts and cluster are reached (`holdfast:kubeconfig`, `holdfast:secrets` and so on).
 * The estate is checked first: a fault of it, or a finding of severity "error", ends the program before the first resource.
 */
export class Estate extends pulumi.ComponentResource {
  /** Live release by job and host. */
  readonly releases: pulumi.Output<Readonly<Record<string, string>>>;
  /** All rules as a file, where Prometheus has no operator: `pulumi stack output ruleFile >FILE`. */
  readonly ruleFile: pulumi.Output<string | undefined>;

  constructor(name: string, { estate }: EstateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:index:Estate", name, {}, opts);
    const made = deploy(estate, { ...surroundings([pulumi.getRootDirectory()], []), parent: this }).catch(
      end,
    );
    this.releases = pulumi.output(made.then(({ releases }) => releases));
    // By itself: a preview knows it, and no release.
    this.ruleFile = pulumi.output(made.then(({ ruleFile }) => ruleFile));
    this.registerOutputs({ releases: this.releases, ruleFile: this.ruleFile });
  }
}

/**
 * Ends the program: what nobody handles is told once and fails it. As an output's it would be told for each output, and a
 * program that only logs an error has been seen to end well, with nothing registered: an update would remove all there is.
 */
function end(error: unknown): Promise<Outputs> {
  void Promise.reject(error);
  return new Promise(() => undefined);
}
