import { routesOf } from "../../alerts/routes";
import { watchdogRouting } from "../../alerts/watchdog";
import { fragmentOf } from "../../lab/servers/rule-sync/alertmanager";
import { alertmanagerConfigObject } from "../../lab/servers/rule-sync/objects";
import { exampleEstate } from "../../plan/estate/example";
import { parseEstate } from "../../plan/estate/parse";

const estate = parseEstate(exampleEstate());

/** @returns whether the operator takes the estate's own routes, and the dead man's, while a Secret isn't there */
function taken(gone: string): boolean[] {
  const read = (name: string): string => {
    if (name === gone) throw new Error(`there is no Secret "${name}"`);
    return `https://${name}.example`;
  };
  return [routesOf(estate), ...watchdogRouting(estate)].map(spec => {
    const metadata = { name: "holdfast", namespace: "monitoring", uid: "u1" };
    try {
      fragmentOf(alertmanagerConfigObject.parse({ metadata, spec }), read, "OnNamespace");
      return true;
    } catch {
      return false;
    }
  });
}

test("a Secret that isn't there silences the dead man alone where it is his, and both where it is another's", () => {
  expect(taken("")).toEqual([true, true]);
  expect(taken("watchdog")).toEqual([true, false]);
  expect(taken("slack")).toEqual([false, false]);
});
