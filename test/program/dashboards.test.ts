import { boardsOf } from "../../alerts/boards";
import { parseEstate, planOf } from "../../plan";
import { deployed } from "./deployed";
import { estateWith } from "./estate";

test("each dashboard is a ConfigMap that the sidecar picks, where monitoring asks for them, and none is there otherwise", async () => {
  const plain = estateWith();
  const estate = { ...plain, monitoring: { ...plain.monitoring, dashboards: {} } };
  const { resources, error } = await deployed(estate);
  expect(error).toBeUndefined();
  const made = resources.filter(({ type }) => type === "kubernetes:core/v1:ConfigMap");
  const uids = boardsOf(planOf(parseEstate(estate))).map(({ uid }) => uid);
  expect(uids.length).toBeGreaterThan(1);
  expect(
    made.map(({ parent, inputs: { metadata, data } }) => ({
      parent,
      metadata,
      uids: Object.entries(data as Record<string, string>).map(([name, text]) => [
        name,
        (JSON.parse(text) as { uid: string }).uid,
      ]),
    })),
  ).toEqual(
    uids.map(uid => ({
      parent: "dashboards",
      metadata: {
        name: uid,
        namespace: estate.monitoring.namespace,
        labels: { "app.kubernetes.io/managed-by": "holdfast", grafana_dashboard: "1" },
      },
      uids: [[`${uid}.json`, uid]],
    })),
  );
  const without = await deployed(plain);
  expect(without.resources.filter(({ type }) => type === "kubernetes:core/v1:ConfigMap")).toEqual([]);
});
