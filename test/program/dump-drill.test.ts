import { rulesOf } from "../../alerts/rules";
import { restoreUnproven } from "../../checks/promises/restore-unproven";
import { undrilledOf } from "../../checks/undrilled";
import { endText } from "../../cli/drill/print";
import { inClusterOf, tasksOf } from "../../cli/drill/tasks";
import { notProvedLines, servicesOf } from "../../cli/evidence/dossier";
import { cronJobSpec, networkPolicySpec } from "../../components/cluster-dump/pod";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { dumpDrillConfig } from "../../plan/contracts/dump-drill";
import { drillersOf } from "../../plan/graph/drilled";
import { estate as homelab } from "../../stacks/homelab/estate";
import { podPrograms } from "../../stacks/runner";
import { withDump } from "./dump-estate";

const drillOf = (receiver: string) => ({
  ...{ name: "postgresql-drill", schedule: { cron: "30 4 * * 0" }, usualRun: "5min", budget: "30min" },
  ...{ promise: { rpo: "9d" }, alert: { receiver } },
});

/** The house with a dump that is drilled. */
function drilled(more: object = {}): EstateInput {
  const estate = withDump();
  for (const each of estate.layers["cluster-dump"] ?? [])
    Object.assign(each.dump ?? {}, { drill: { ...drillOf("infra"), ...more } });
  return estate;
}

test("a dump's drill is a job beside it, in a pod that has neither the server nor its secret", async () => {
  const plan = planOf(parseEstate(drilled()));
  const { jobs } = plan;
  const job = jobs.find(({ name }) => name === "postgresql-drill");
  const dump = jobs.find(({ name }) => name === "postgresql-backup");
  if (job?.deployment.kind !== "cronjob" || dump?.deployment.kind !== "cronjob")
    throw new Error("both are installed");
  expect([job, dump].map(each => rulesOf(each, plan).rules[0]?.annotations["summary"])).toEqual([
    expect.stringContaining("failed: a copy did not come back as it is to be, or was not tried"),
    expect.stringContaining("failed; the last good copy is kept"),
  ]);
  const { runner, pod } = job.deployment;
  const objects = { job: job.name, runner, claim: job.name, configMap: "programs" };
  const { spec } = cronJobSpec(pod, { ...objects, secret: undefined, pushSecret: undefined }).jobTemplate.spec
    .template;
  const [client, other] = spec.containers;
  expect(client).toMatchObject({
    command: ["sh", "/holdfast/postgresql-restore.sh"],
    env: [
      { name: "HOME", value: "/exchange" },
      { name: "EXCHANGE", value: "/exchange" },
      { name: "SCRATCH", value: "/scratch" },
      { name: "OWN_SERVER", value: "yes" },
    ],
  });
  expect(other).toMatchObject({
    command: ["node", "/holdfast/dump-drill.cjs", "run", "--config", "/holdfast/config.json"],
  });
  expect(spec.volumes.map(({ name }) => name)).toEqual(["programs", "exchange", "target", "scratch"]);
  expect([pod.secret, job.credentials, pod.client.restoreScript]).toEqual([undefined, [], undefined]);
  // What the dump reaches, but for the server.
  expect(networkPolicySpec(job.name, pod.reaches).egress).toHaveLength(
    networkPolicySpec(dump.name, dump.deployment.pod.reaches).egress.length - 1,
  );
  expect(dumpDrillConfig.parse(JSON.parse(pod.config))).toMatchObject({
    ...{ job: "postgresql-drill", target: "/backup", stateDir: "/backup/.holdfast/postgresql-drill" },
    ...{ dump: "postgresql-backup", seen: { path: "/srv/nfs/postgresql-backup", namespace: "dbaas" } },
  });
  expect(other?.env).toEqual([{ name: "RELEASE", value: "programs" }]);
  expect(Object.keys(await podPrograms(runner, pod)).sort()).toEqual(
    ["dump-drill.cjs"].concat(
      ["exchange", "own-server", "postgresql-own", "postgresql-restore", "postgresql"].map(
        name => `${name}.sh`,
      ),
    ),
  );
});

test("what it restores needs no proof by hand, is told with what has it done now, and is proved once its record says so", () => {
  const told = (more: object) => {
    const estate = structuredClone(homelab);
    Reflect.deleteProperty(estate.services?.["postgresql"] ?? {}, "restoredByHand");
    const dump = estate.layers["cluster-dump"]?.find(({ name }) => name === "postgresql-backup")?.dump;
    Reflect.deleteProperty(dump ?? {}, "drill");
    Object.assign(dump ?? {}, more);
    const plan = planOf(parseEstate(estate));
    const drillers = drillersOf(plan);
    const undrilled = undrilledOf(plan, drillers).filter(({ service }) => service === "postgresql");
    const inCluster = inClusterOf(plan, id => id === "postgresql");
    const evidence = servicesOf(plan, drillers, [], 0).find(({ service }) => service === "postgresql");
    return [
      restoreUnproven.run(plan, Date.parse("2026-12-01")).map(({ fix }) => fix),
      endText([], {
        ...{ estate: plan.estate, dryRun: false, again: "", undrilled, untried: [] },
        inCluster,
      }).split("\n")[0],
      evidence && [
        evidence.proved,
        notProvedLines(evidence).includes("no drill restores postgresql"),
        notProvedLines(evidence).includes("dumps:postgresql-backup on k8s"),
      ],
    ];
  };
  expect(told({})).toEqual([
    [
      expect.stringMatching(
        /Set services\.postgresql\.restoredByHand [^]* Or give its dump \(postgresql-backup or postgresql-per-db\) a "drill"/,
      ),
    ],
    expect.stringMatching(
      /^No drill proves a restore of postgresql \(files of its dumps alone are drilled, /,
    ),
    [null, true, false],
  ]);
  expect(told({ drill: drillOf("infra-alerts") })).toEqual([
    [],
    "postgresql is proved by postgresql-drill in its cluster: holdfast evidence says when that was last. To have it now: kubectl --namespace dbaas create job postgresql-drill-$(date +%s) --from=cronjob/postgresql-drill",
    [null, false, true],
  ]);
});

test("where nothing else is drilled, holdfast drill says what has it done", () => {
  const plan = planOf(parseEstate(drilled()));
  for (const wish of [{}, { what: "postgresql" }])
    expect(() => tasksOf(plan, wish)).toThrow(
      /in its cluster alone: postgresql by postgresql-drill\. Next: kubectl --namespace dbaas create job/,
    );
});

test.each([
  ["postgresql-backup", /drill\.name: "postgresql-backup" is there twice/],
  ["a".repeat(53), /drill\.name: "a+" is too long: Kubernetes refuses/],
])("its name is a CronJob's of its own: %s is refused", (name, says) => {
  expect(() => parseEstate(drilled({ name }))).toThrow(says);
});
