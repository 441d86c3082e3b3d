import { estateJsonSchema } from "../plan/estate/json-schema";
import { type Field, fieldAt, fieldText } from "./explain";

const root = estateJsonSchema() as Field;

function explained(path: string): string {
  const found = fieldAt(root, path);
  return "fault" in found ? found.fault : fieldText(path, found);
}

test("says of a field what it is, what may stand there, whether it may be left out, and the same of those below it", () => {
  expect(explained("services.photos.data.volume.count")).toBe(
    "services.photos.data.volume.count: number, by default 1\nHow many alike it stands for",
  );
  const legs = explained("layers.offsite-sync[0].legs");
  expect(legs).toContain(
    "layers.offsite-sync[0].legs: list of fields, has to be there\nWhat is sent, and where it arrives",
  );
  expect(legs).toContain(
    '  metadata: one of "kept", "lost", by default "kept"\n      Whether owners, modes and hard links arrive',
  );
  expect(explained("")).toContain("  zone: text, has to be there\n      IANA time zone");
});

test("shows what lies below a name and the kinds of what has several", () => {
  expect(explained("hosts")).toContain("Each, under its name:\n\n  site: text, has to be there");
  expect(explained("receivers")).toContain(
    "One of:\n\n  slack: A channel of Slack\n      channel, webhookSecret, outOfSite",
  );
  expect(explained("services.x.data.database.on")).toContain("  cluster: text, has to be there");
});

test("names what a misspelt field may have meant, and what there is", () => {
  expect(explained("monitoring.deadMann")).toMatch(
    /^monitoring has no field "deadMann"\. Did you mean "deadMan"\? It has: pushgateway, /,
  );
  expect(explained("layer")).toMatch(/^an estate has no field "layer"\. Did you mean "layers"\?/);
  expect(explained("zone.x")).toBe('zone has no fields, so none that is called "x".');
  expect(explained("constructor")).toMatch(/^an estate has no field "constructor"\./);
});
