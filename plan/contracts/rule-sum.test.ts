import { ruleSum } from "./rule-sum";

const sumOf = (expr: string): string => ruleSum({ expr, forS: 300, labels: {} });

// As Prometheus 2.42 has them in its API.
test.each([
  ["up{job='node'} == 0", 'up{job="node"} == 0'],
  ["up{job=~`a\\.b`} == 0", 'up{job=~"a\\\\.b"} == 0'],
  [`up{a='it"s'} > 0`, 'up{a="it\\"s"} > 0'],
  ["SUM(up) BY (job) > .5", "sum by (job) (up) > 0.5"],
  ["up AND on(job) up", "up and on (job) up"],
  ["up > 0x1F", "up > 31"],
  ["up > 1E3", "up > 1000"],
  ["up > 1073741824", "up > 1.073741824e+09"],
  ["up > inf", "up > +Inf"],
  ["up # is it?\n > 3", "up > 3"],
  ["rate(up[60m]) > 1", "rate(up[1h]) > 1"],
  ["max_over_time(up[24h:300s]) > 3", "max_over_time(up[1d:5m]) > 3"],
  ["up offset - 7d > 3", "up offset -1w > 3"],
  ['up{a="[x"} > 0 and up{b="]"} > 1', 'up{a="[x"} > 0 and up{b="]"} > 1'],
])("%s is what Prometheus says as %s", (given, said) => expect(sumOf(given)).toBe(sumOf(said)));

test.each([
  ["up == 0", "up != 0"],
  ["time() - done > 90600", "time() - done < 90600"],
  ['up{job="node"} == 0', 'up{job!="node"} == 0'],
  ["rate(up[1h]) > 1", "rate(up[1m]) > 1"],
  ["up offset 1h > 1", "up offset 1d > 1"],
])("%s is another one than %s", (one, other) => expect(sumOf(one)).not.toBe(sumOf(other)));
