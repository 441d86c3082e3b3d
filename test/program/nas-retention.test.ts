import * as pulumi from "@pulumi/pulumi";
import { setRetention } from "../../components/nas-retention";
import { exampleWith } from "../../plan/estate/example";
import { testLong } from "../long";
import { deployed } from "./deployed";
import { named, secretKey, withoutSecrets } from "./engine";
import type { ProbeTarget } from "../../stacks/probe";

const estate = (age = "7d") =>
  exampleWith(example => {
    const [part] = example.layers["nas-snapshots"];
    if (!part || !example.secrets) throw new Error("the example has no snapshots");
    for (const name of ["nas-set-key", "nas-set-password"])
      example.secrets[name] = { keptIn: ["vault", "break-glass"] };
    Object.assign(part, {
      keep: { age },
      apply: { user: "keeper", secret: "nas-set-key", password: "nas-set-password" },
    });
  });

/** All that the example's jobs ask for. */
const secrets = (without: readonly string[] = []) =>
  Object.fromEntries(
    Object.keys(estate().secrets ?? {})
      .filter(name => !without.includes(name))
      .map(name => [name, pulumi.secret(`text of ${name}`)]),
  );

test("sets the estate's retention as an account whose secrets no host gets", async () => {
  const asked: ProbeTarget[] = [];
  const { resources, error } = await deployed(estate(), { secrets: secrets() }, async target => {
    asked.push(target);
    return undefined;
  });
  expect(error).toBeUndefined();
  const set = named(resources, "nas-snapshots-nas-retention-set");
  expect(withoutSecrets(set.inputs)).toMatchObject({
    connection: "secret",
    create: setRetention("Backup", 7),
    stdin: "secret",
  });
  expect(set.inputs["connection"]).toMatchObject({
    value: { host: "nas.example", user: "keeper", privateKey: "text of nas-set-key" },
  });
  expect(set.inputs["stdin"]).toEqual({
    [secretKey]: expect.any(String) as string,
    value: "text of nas-set-password\n",
  });
  const others = resources.filter(({ name }) => !name.startsWith("nas-snapshots-nas-retention"));
  expect(JSON.stringify(others)).not.toMatch(/text of nas-set/);
  // Before the first resource, as any host.
  expect(asked.map(({ host, user }) => `${user}@${host}`)).toContain("keeper@nas.example");
});

// That it is the estate's age is seen above.
testLong("sets another retention once the estate has one", async () => {
  const { resources } = await deployed(estate("9d"), { secrets: secrets() });
  expect(named(resources, "nas-snapshots-nas-retention-set").inputs["create"]).toBe(
    setRetention("Backup", 9),
  );
});

test("asks for its secrets before the first resource", async () => {
  const { resources, error } = await deployed(estate(), {
    secrets: secrets(["nas-set-key", "nas-set-password"]),
  });
  expect(resources).toEqual([]);
  expect(String(error)).toMatch(/nas-set-key.*# for nas-snapshots\n.*nas-set-password/);
});
