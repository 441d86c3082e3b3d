import { exampleWith } from "./example";
import { parseEstate } from "./parse";

test.each([
  ["runbooks", { runbooks: "https://me:hunter22@runbooks.example" }],
  ["dashboards.grafana", { dashboards: { grafana: "https://me:hunter22@grafana.example" } }],
])("monitoring.%s with a password is refused, as each alert would carry it", (path, changed) => {
  const estate = exampleWith(({ monitoring }) => Object.assign(monitoring, changed));
  expect(() => parseEstate(estate)).toThrow(new RegExp(`estate\\.monitoring\\.${path}: .*has a password`));
});
