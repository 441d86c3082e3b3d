import { readFileSync } from "node:fs";
import { mustOnHost } from "../../lab/hosts";
import { until } from "../../lab/process";
import { connect } from "../../lab/servers";
import { urls } from "../../lab/servers/places";
import type { EstateInput } from "../../plan";
import { clusterAccessRules } from "../../plan/contracts/cluster-access";
import { testLong } from "../long";
import { ReleaseStack } from "./release-stack";

jest.setTimeout(1_800_000);

const passphrase = "open sesame, says 'Ali' to \"40\" $thieves";
const accounts = ["holdfast-host", "holdfast-restore"];
const accountPath = (account: string): string => `/api/v1/namespaces/monitoring/serviceaccounts/${account}`;
const folder = "/etc/holdfast/credentials/daily-backup";
const restoreFile = "/etc/holdfast/credentials/lvm-pvc-snapshot/kubeconfig-restore";
let stack: ReleaseStack;

beforeAll(async () => {
  // Another stack may have deployed the same jobs before: its releases would be taken over.
  await mustOnHost(
    "pve",
    "for s in /opt/holdfast/*/release.sh; do test ! -e $s || sh $s remove; done; rm -rf /opt/holdfast /etc/holdfast",
  );
  for (const account of accounts)
    for (const path of [
      accountPath(account),
      `/api/v1/namespaces/monitoring/secrets/${account}`,
      `/apis/rbac.authorization.k8s.io/v1/clusterroles/${account}`,
      `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${account}`,
    ])
      await connect().remove(path);
  stack = await ReleaseStack.open("credentials");
  await setPassphrase(passphrase);
  stack.setEstate(withVolumes(stack.estate()));
  await stack.mustUp();
});

afterAll(() => stack?.close());

test("puts a secret of the stack on the host to the byte, for root alone", async () => {
  expect(await mustOnHost("pve", `stat -c '%a %U:%G %n' ${folder} ${folder}/*`)).toBe(
    `700 root:root ${folder}\n600 root:root ${folder}/house-passphrase\n600 root:root ${folder}/kubeconfig\n`,
  );
  expect(await mustOnHost("pve", `cat ${folder}/house-passphrase`)).toBe(passphrase);
});

test("keeps secret and token out of the state, the settings' file, a preview, and the host's logs", async () => {
  const token = await tokenOnHost();
  const printed = [
    (await stack.pulumi("stack", "export")).text,
    (await stack.pulumi("preview", "--diff", "--refresh")).text,
    readFileSync(stack.settingsFile, "utf8"),
    await mustOnHost("pve", "journalctl --no-pager -o cat"),
  ].join("\n");
  expect(printed).toContain("daily-backup-pve-credential-house-passphrase-file");
  for (const text of [passphrase, JSON.stringify(passphrase).slice(1, -1), token, base64(token)])
    expect(printed).not.toContain(text);
});

test("gives nightly runs an account that lists volumes and nothing else, and a restore one of its own", async () => {
  expect(await asked(`${folder}/kubeconfig`, "/api/v1/persistentvolumes")).toBe("200");
  expect(await asked(`${folder}/kubeconfig`, "/api/v1/namespaces/default/pods")).toBe("403");
  expect(await asked(restoreFile, "/api/v1/namespaces/default/pods")).toBe("200");
  for (const file of [`${folder}/kubeconfig`, restoreFile])
    expect(await asked(file, "/api/v1/secrets")).toBe("403");
  expect(await mustOnHost("pve", `stat -c '%a %U:%G' ${restoreFile}`)).toBe("600 root:root\n");
});

test("a look from within its sandbox finds the accounts as they are declared, and a role that somebody has edited until it is put right", async () => {
  const looked = (): Promise<string> =>
    mustOnHost("pve", "systemctl start effective-state; cat /var/lib/holdfast/effective-state/differences");
  expect(await looked()).toBe("");
  const rolePath = "/apis/rbac.authorization.k8s.io/v1/clusterroles/holdfast-host";
  const role = (rules: unknown) => ({
    ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" },
    ...{ metadata: { name: "holdfast-host" }, rules },
  });
  const secrets = { apiGroups: [""], resources: ["secrets"], verbs: ["get"] };
  await connect().apply(rolePath, role([secrets]));
  try {
    const told = await looked();
    expect(told.split("\n").sort()).toEqual([
      "",
      ...[folder, "/etc/holdfast/credentials/lvm-pvc-snapshot"].map(
        of =>
          expect.stringContaining(
            `${of}/kubeconfig: declared persistentvolumes list, and its account may not persistentvolumes list, and may also secrets get; `,
          ) as string,
      ),
    ]);
  } finally {
    await connect().apply(rolePath, role(clusterAccessRules["list-volumes"]));
  }
  expect(await looked()).toBe("");
});

test("makes new tokens of both accounts by one setting, and revokes those before", async () => {
  await mustOnHost(
    "pve",
    `for f in ${folder}/kubeconfig ${restoreFile}; do cp $f /root/old-$(basename $f); done`,
  );
  await stack.pulumi("config", "set", "holdfast:clusterTokens", "2026-11");
  await stack.mustUp();
  for (const file of [`${folder}/kubeconfig`, restoreFile]) {
    expect(await asked(file, "/api/v1/persistentvolumes")).toBe("200");
    expect(
      await until(
        async () => (await asked(`/root/old-$(basename ${file})`, "/api/v1/persistentvolumes")) === "401",
        300_000,
      ),
    ).toBe(true);
  }
  await mustOnHost("pve", "rm /root/old-kubeconfig /root/old-kubeconfig-restore");
});

// test/program/host-layers.test.ts has which resource it is, test/runners/host-credential.test.ts what becomes of the file.
testLong("changes the file of a changed secret alone, and nothing in a second up", async () => {
  expect(await stack.mustUp()).not.toMatch(/to update|updated|created/);
  await setPassphrase("another");
  expect(await stack.mustUp()).toMatch(/~ 1 updated/);
  expect(await mustOnHost("pve", `cat ${folder}/house-passphrase`)).toBe("another");
});

// A destroy, below, takes them away by the same steps.
testLong("takes credentials and account away with the job that asked for them", async () => {
  stack.setEstate(stack.estate());
  await stack.mustUp();
  await expectNothingLeft();
});

test("takes credentials and accounts away with all that it made", async () => {
  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
  await expectNothingLeft();
});

async function expectNothingLeft(): Promise<void> {
  expect(await mustOnHost("pve", "ls -d /etc/holdfast 2>&1 || true")).toMatch(/No such file/);
  for (const account of accounts) expect(await connect().get(accountPath(account))).toBeUndefined();
}

async function setPassphrase(text: string): Promise<void> {
  const path = 'holdfast:secrets["house-passphrase"]';
  const { exitCode, text: printed } = await stack.pulumi("config", "set", "--secret", "--path", path, text);
  if (exitCode !== 0) throw new Error(printed);
}

async function tokenOnHost(): Promise<string> {
  const { users } = JSON.parse(await mustOnHost("pve", `cat ${folder}/kubeconfig`)) as {
    users: { user: { token: string } }[];
  };
  const token = users[0]?.user.token ?? "";
  expect(token.length).toBeGreaterThan(100);
  return token;
}

/** Status that the API server answers a host's kubeconfig with. */
function asked(file: string, path: string): Promise<string> {
  return mustOnHost("pve", `node -e '${request}' ${file} ${path}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Prints the status that the API server answers with to the kubeconfig's user. */
const request = `
const { clusters: [{ cluster }], users: [{ user }] } = JSON.parse(require("fs").readFileSync(process.argv[1]));
require("https").get(new URL(process.argv[2], cluster.server), {
  ca: Buffer.from(cluster["certificate-authority-data"], "base64"),
  headers: { authorization: "Bearer " + user.token },
}, answer => { process.stdout.write(String(answer.statusCode)); answer.destroy(); });`;

/** The same estate with its thin pool, a cluster, and the jobs that need secrets; their next night is a Sunday's. */
function withVolumes(estate: EstateInput): EstateInput {
  const { pve } = estate.hosts;
  if (!pve) throw new Error("the estate has no pve");
  const alert = { receiver: "lab" };
  const weekly = { onCalendar: "Sun *-*-* 04:00:00" };
  const run = { usualRun: "5min", budget: "20min", promise: { rpo: "8d" }, alert };
  return {
    ...estate,
    hosts: {
      pve: {
        ...pve,
        disks: { ...pve.disks, sdb: { medium: "hdd", size: "32GB" } },
        pools: { data: { vg: "pve", disk: "sdb", size: "28GB", used: "1GB" } },
      },
    },
    clusters: { k8s: { hosts: ["pve"], disk: "sdb", api: urls.kubernetes } },
    secrets: { "house-passphrase": { keptIn: ["break-glass"] } },
    layers: {
      "lvm-pvc-snapshot": [{ host: "pve", pool: "data", schedule: weekly, keep: { age: "7d" }, ...run }],
      "daily-backup": [
        {
          host: "pve",
          schedule: { ...weekly, after: ["lvm-pvc-snapshot"] },
          target: "/mnt/backup",
          volumes: { keep: { count: 4, every: "week" }, luksSecrets: ["house-passphrase"] },
          ...run,
        },
      ],
      "effective-state": [{ host: "pve", schedule: weekly, promise: { rpo: "9d" }, alert }],
    },
  };
}
