import { dirname, join } from "node:path";
import { lossesOf } from "../plan/graph/loss";
import { aftermathOf } from "../plan/graph/aftermath";
import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { domain, domains } from "../plan/estate/services";
import { estate as written } from "../stacks/homelab/estate";
import { estate as homelab } from "../templates/homelab/estate";
import { estate as twoNodes } from "../templates/two-nodes/estate";
import { code, plain, table } from "../components/runbooks/markdown";
import { runbookPages } from "../components/runbooks/pages";

const plans = { homelab: planOf(parseEstate(homelab)), twoNodes: planOf(parseEstate(twoNodes)) };
const pagesWith = (change: (estate: ExampleEstate) => void): Map<string, string> =>
  new Map(
    runbookPages({ plan: planOf(parseEstate(exampleWith(change))), named: [] }).map(({ path, text }) => [
      path,
      text,
    ]),
  );

test.each(Object.entries(plans))("%s: each link leads to a page, and each page is reached", (_, plan) => {
  const pages = runbookPages({ plan, named: [] });
  const paths = pages.map(({ path }) => path);
  const links = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = ""]) => join(dirname(path), to)),
  );
  expect(new Set(paths).size).toBe(paths.length);
  expect(links.filter(link => !paths.includes(link))).toEqual([]);
  expect(paths.filter(path => path !== "README.md" && !links.includes(path))).toEqual([]);
  expect(paths).toEqual(expect.arrayContaining(domain.options.map(each => `disasters/${each}.md`)));
});

test.each(Object.entries(plans))("%s: what a disaster's page says is lost is what rpo says", (_, plan) => {
  const losses = lossesOf(plan).filter(({ leftOut }) => !leftOut);
  for (const each of domains) {
    const after = new Map(aftermathOf(plan, each).map(({ service, datasets }) => [service, datasets]));
    for (const { service, worstLossMs } of losses.filter(loss => loss.domain === each)) {
      const harmed = (after.get(service) ?? []).filter(
        ({ isHarmed, dataset }) => isHarmed && !dataset.unprotected,
      );
      const worst = Math.max(0, ...harmed.map(dataset => dataset.worstLossMs ?? Infinity));
      expect([each, service, worst]).toEqual([each, service, worstLossMs ?? Infinity]);
    }
  }
});

test("what others need comes back before them, and what no copy is wanted of is in no order", () => {
  const site = pagesWith(({ services }) => {
    const [first = ""] = Object.keys(services);
    Object.assign(services[first] ?? {}, { needs: ["etcd"] });
    const unprotected = { reason: "made anew", owner: "ann", expires: "2027-01-31" };
    Object.assign(services.books?.data[0] ?? {}, { unprotected });
  }).get("disasters/site.md");
  const order = [...(site ?? "").matchAll(/^## \d+\. (.+)$/gm)].map(([, service]) => service);
  expect(order).toContain("etcd");
  expect(order).not.toContain("books");
  expect(site).not.toContain("holdfast restore books");
  expect(site).toContain("| all of it, on purpose | nothing | - |");
});

test("after what machines are, hosts before their VMs, what is promised soonest comes back first, and not what the estate names first", () => {
  const order = (books: string): (string | undefined)[] => {
    const site = pagesWith(({ services }) => {
      for (const [name, rto] of Object.entries({ books, etcd: "9h", vault: "9h", nextcloud: "9h" })) {
        const service = services[name];
        if (service?.promise) service.promise = { ...service.promise, rto };
      }
    }).get("disasters/site.md");
    return [...(site ?? "").matchAll(/^## \d+\. (.+)$/gm)].map(([, service]) => service);
  };
  const machines = ["pfsense", "pve-host", "nodes"];
  expect(order("7h")).toEqual([...machines, "books", "etcd", "vault", "nextcloud", "photos"]);
  expect(order("10h")).toEqual([...machines, "etcd", "vault", "nextcloud", "books", "photos"]);
});

test.each(Object.entries(plans))(
  "%s: no page of a disaster has a command twice, and what is typed names the estate",
  (_, plan) => {
    const pages = runbookPages({ plan, named: ["--stack", "mine"] });
    for (const { path, text } of pages.filter(each => each.path.startsWith("disasters/"))) {
      const blocks = [...text.matchAll(/^\*\*Step \d+\*\*, (on [^\n]*\n\n```sh\n[^]*?\n```)$/gm)].map(
        ([, lines]) => lines,
      );
      expect([path, blocks.filter((each, index) => blocks.indexOf(each) !== index)]).toEqual([path, []]);
    }
    const typed = pages.flatMap(({ text }) => [...text.matchAll(/^holdfast .*$/gm)].map(([line]) => line));
    expect(typed.length).toBeGreaterThan(0);
    expect(typed.filter(line => !line.includes(" --stack mine"))).toEqual([]);
  },
);

test("machines come back before what runs on them, and after somebody hostile nothing is the newest", () => {
  const pages = new Map(
    runbookPages({ plan: plans.homelab, named: [] }).map(({ path, text }) => [path, text]),
  );
  const order = (page: string): (string | undefined)[] =>
    [...(pages.get(page) ?? "").matchAll(/^## \d+\. (.+)$/gm)].map(([, service]) => service);
  expect(order("disasters/host.md").slice(0, 2).sort()).toEqual(["k8s-node", "pve-host"]);
  expect(order("disasters/application.md")).toEqual([]);
  const restores = [...(pages.get("disasters/host-root.md") ?? "").matchAll(/^holdfast restore .*$/gm)];
  expect(restores.length).toBeGreaterThan(5);
  expect(restores.filter(([line]) => !line.endsWith(' --at "YYYY-MM-DD HH:MM"'))).toEqual([]);
});

test("of several hosts each restore names one", () => {
  const page = runbookPages({ plan: plans.twoNodes, named: [] }).find(
    ({ path }) => path === "disasters/site.md",
  );
  const hosts = Object.keys(plans.twoNodes.estate.hosts);
  expect(hosts).toHaveLength(2);
  for (const [, lines = ""] of (page?.text ?? "").matchAll(/^What was on `([^`]+)`:$/gm))
    expect(hosts).toContain(lines);
});

test("whoever doesn't know the house is told where each step is typed, and what is typed there is whole", () => {
  const pages = pagesWith(() => undefined);
  const { pve } = planOf(parseEstate(exampleWith(() => undefined))).estate.hosts;
  if (!pve) throw new Error("no host pve");
  const there = `ssh -p 22 root@${pve.address}`;
  const first = pages.get("README.md") ?? "";
  expect(first).toMatch(new RegExp(`^\\| \`pve\` \\| \`${there}\` \\| \`SHA256:[\\w+/]{43}\` \\|$`, "m"));
  for (const { fsUuid } of Object.values(pve.filesystems)) expect(first).toContain(`| \`${fsUuid}\` |`);
  const steps = [...pages.values()].flatMap(text => [
    ...text.matchAll(/^\*\*Step \d+\*\*, on host \S+(.*)$/gm),
  ]);
  expect(steps.length).toBeGreaterThan(5);
  for (const [, how] of steps) expect(how).toMatch(/^ \(`ssh -p \d+ \S+@\S+`\)/);
  const disk = pages.get("disasters/live-disk.md") ?? "";
  const timers = [...disk.matchAll(/`(ssh -p 22 \S+) systemctl stop ((?:\S+\.timer ?)+)`/g)];
  expect(timers.map(([, to]) => to)).toEqual([there]);
  expect(disk).toContain(`\n${there} systemctl start ${timers[0]?.[2]}\n`);
  // What a timer has started goes on without it.
  expect(disk).toContain(`\`${there} systemctl stop ${timers[0]?.[2]?.replaceAll(".timer", ".service")}\``);
});

test("one volume's page says how it comes from a NAS alone, where its claim is known; a disaster's brings all of it", () => {
  const pages = pagesWith(() => undefined);
  const alone = "\noffsite-sync-backup restore /mnt/backup/pvc-data/NEWEST/nextcloud/nextcloud\n";
  const ofAll = "\noffsite-sync-backup restore /mnt/backup/pvc-data\n";
  const page = pages.get("services/nextcloud.md") ?? "";
  expect(page).toContain(ofAll);
  expect(page).toContain("\noffsite-sync-backup list /mnt/backup/pvc-data\n");
  expect(page).toContain(alone);
  expect(pages.get("disasters/site.md")).toContain(ofAll);
  const counted = pagesWith(({ services }) =>
    Object.assign(services.nextcloud?.data[0] ?? {}, { count: 3 }),
  ).get("services/nextcloud.md");
  expect([counted?.includes(ofAll), counted?.includes("NEWEST")]).toEqual([true, false]);
  expect([...pages.keys()].filter(path => pages.get(path)?.includes("NEWEST/nextcloud"))).toEqual([
    "services/nextcloud.md",
  ]);
});

test("they say where they are, and where no copy of them leaves the hosts", () => {
  const first = pagesWith(() => undefined).get("README.md") ?? "";
  const rows = [...first.matchAll(/^\| `(\S+)` \| `(\S*holdfast-runbooks\S*)` \|$/gm)];
  expect(rows.map(([, machine, folder]) => `${machine} ${folder}`)).toEqual([
    "pve /root/holdfast-runbooks/example",
    "pve /mnt/backup/pve-config/NEWEST/files/root/holdfast-runbooks/example",
    "nas /Backup/pve-backup/pve-config/NEWEST/files/root/holdfast-runbooks/example",
    "nas /Backup/#snapshot/pve-backup/pve-config/NEWEST/files/root/holdfast-runbooks/example",
  ]);
  expect(first).not.toContain("No copy of them leaves");
  const without = pagesWith(({ services }) => void delete services["pve-host"]).get("README.md");
  expect(without).toContain("**No copy of them leaves the hosts**");
  expect(without).toContain("| `pve` | `/root/holdfast-runbooks/example` |");
});

test("while an empty server waits for its data, no run makes the newest dump of it; where nothing runs, nothing is typed for it", () => {
  const cluster =
    runbookPages({ plan: planOf(parseEstate(written)), named: [] }).find(
      ({ path }) => path === "disasters/cluster.md",
    )?.text ?? "";
  const suspends = (on: boolean): string[] =>
    [
      ...cluster.matchAll(
        /kubectl --namespace (\S+ patch cronjob [a-z -]+) --patch '{"spec":{"suspend":(\w+)}}'/g,
      ),
    ].flatMap(([, what = "", is]) => (is === String(on) ? [what] : []));
  expect(suspends(true)).toContain("redis patch cronjob redis-backup");
  expect(suspends(false)).toEqual(suspends(true));

  const site =
    pagesWith(({ layers }) => {
      for (const name of Object.keys(layers))
        if (name !== "cluster-dump") Object.assign(layers, { [name]: [] });
    }).get("disasters/site.md") ?? "";
  expect(site).toContain("## At the end");
  expect(site).not.toMatch(/own runs off|```sh\n```/);
});

test("a volume that is lost comes back as it was last, and what was damaged as it was before", () => {
  const pages = pagesWith(() => undefined);
  expect(pages.get("disasters/volume.md")).toContain("\nholdfast restore SERVICE\n");
  expect(pages.get("disasters/application.md")).toContain(
    '\nholdfast restore SERVICE --at "YYYY-MM-DD HH:MM"\n',
  );
});

test("a disaster that harms no data says which copies are gone, and what makes them anew", () => {
  const page = pagesWith(() => undefined).get("disasters/backup-disk.md") ?? "";
  expect(page).toContain("It harms no service's data.");
  expect(page).toMatch(/\| `books` \| `nfs-mirror` at `pve:\/mnt\/backup\/books`/);
  expect(page).toMatch(
    /`journalctl -u JOB` .* the line that accepts the new one\.[^]*^ssh -p 22 root@\S+ systemctl start nfs-mirror$/m,
  );
});

test("the same estate gives the same pages, and another one another mark in each", () => {
  const first = pagesWith(() => undefined);
  expect(pagesWith(() => undefined)).toEqual(first);
  const other = pagesWith(({ services }) => Object.assign(services.books?.data[0] ?? {}, { size: "7GB" }));
  expect([...other].filter(([path, text]) => first.get(path) === text)).toEqual([]);
});

test("a text of the estate is a text in Markdown, acts on no terminal, and ends no cell", () => {
  expect(plain("_a_ b_c <script> [x](http://y) `z` &amp; & \u001b[1m")).toBe(
    "\\_a\\_ b_c \\<script> \\[x\\](http://y) \\`z\\` \\&amp; & \\\\u001b\\[1m",
  );
  expect(code("a`b")).toBe("``a`b``");
  expect(table(["x"], [[code("a|b")]])).toBe("| x |\n| --- |\n| `a\\|b` |");
});
