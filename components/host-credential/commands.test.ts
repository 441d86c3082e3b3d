import { removeCredential, writeCredential } from "./commands";

const owned = (job: string) => ({ job, stack: "organization/holdfast/one" });

test("keeps commands short enough to be printed with an error", () => {
  expect(writeCredential(owned("lvm-pvc-snapshot"), "kubeconfig").length).toBeLessThan(900);
  expect(removeCredential(owned("lvm-pvc-snapshot"), "kubeconfig").length).toBeLessThan(500);
});

test.each(["../x", "a b", "a;b", "$(x)", "-rf", ".hidden", "a'b", "", "a\nb"])(
  "refuses %j as a name in a command",
  name => {
    expect(() => writeCredential(owned("pfsense-backup"), name)).toThrow("can't be the name of a credential");
    expect(() => removeCredential(owned("pfsense-backup"), name)).toThrow(
      "can't be the name of a credential",
    );
    expect(() => writeCredential(owned(name), "key")).toThrow("can't be the name of a job");
  },
);
