import { parsePromql, PromqlSyntaxError } from "./parse";
import { readPromql } from "./read";

test("two texts that differ in labels' values alone are read as each is parsed", () => {
  const of = (host: string): string =>
    `time() - max by (job) (last_run{job="a",instance="${host}"}) > 90 and {__name__="${host}"} and {job=~"${host}",x!="${host}"}`;
  for (const host of ["pve-1", "pve-2", "pve.3", 'a\\"b', "§0§"])
    expect(readPromql(of(host))).toEqual(parsePromql(of(host)));
});

test("a fault stands where the text itself has it", () => {
  for (const host of ["pve", "a-host-with-a-long-name"]) {
    const text = `up{instance="${host}"} >> 1`;
    expect(readPromql(text)).toBeInstanceOf(PromqlSyntaxError);
    expect(readPromql(text)).toMatchObject({ expr: text, at: text.indexOf("> 1") });
  }
});
