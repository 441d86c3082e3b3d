import { parseEstate, planOf } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { estate as homelab } from "../../stacks/homelab/estate";
import { annotationsOf } from "../../alerts/annotations";
import { ruleGroups } from "../../alerts/groups";

const said = { alert: "A", summary: "s", description: "d", receiver: "infra" };

test("each alert of the homelab says whose data it is about, who answers for it, what to type and where more is", () => {
  const rules = ruleGroups(planOf(parseEstate(homelab))).flatMap(group => group.rules);
  expect(rules.length).toBeGreaterThan(100);
  for (const { alert, annotations } of rules) {
    expect([alert, Object.keys(annotations)]).toEqual([
      alert,
      ["summary", "description", "runbook_url", "dashboard", "service", "owner"],
    ]);
    expect(Object.values(annotations)).not.toContain("");
  }
});

test("a job's alert names the services that it copies, eight of many, and one that copies nothing all of them", () => {
  const plan = planOf(parseEstate(homelab));
  const serviceOf = (name: string): string | undefined => {
    const job = plan.jobs.find(each => each.name === name);
    return job && annotationsOf({ ...said, job }, plan)["service"];
  };
  expect(serviceOf("vault-backup")).toBe("vault");
  expect(serviceOf("nfs-mirror")).toMatch(/^([a-z0-9-]+, ){7}[a-z0-9-]+ and \d+ more$/);
  expect(serviceOf("effective-state")).toBe("all");
  expect(serviceOf("postgresql-drill")).toBe(serviceOf("postgresql-backup"));
  expect(serviceOf("vaultwarden-integrity")).toBe("vaultwarden");
});

test("who answers is who the receiver says, or the receiver, and no command of a template", () => {
  const { receivers, ...estate } = exampleEstate();
  const ownerWith = (owner?: string): string | undefined => {
    const infra = { ...receivers.infra, ...(owner === undefined ? {} : { owner }) };
    return annotationsOf(said, planOf(parseEstate({ ...estate, receivers: { ...receivers, infra } })))[
      "owner"
    ];
  };
  expect(ownerWith()).toBe("infra");
  expect(ownerWith("Anna, and {{ nobody }} else")).toBe('Anna, and {{"{{"}} nobody }} else');
});
