import { removeCredential, writeCredential } from "./commands";

test("keeps commands short enough to be printed with an error", () => {
  expect(writeCredential("lvm-pvc-snapshot", "kubeconfig").length).toBeLessThan(500);
  expect(removeCredential("lvm-pvc-snapshot", "kubeconfig").length).toBeLessThan(300);
});

test.each(["../x", "a b", "a;b", "$(x)", "-rf", ".hidden", "a'b", "", "a\nb"])(
  "refuses %j as a name in a command",
  name => {
    expect(() => writeCredential("pfsense-backup", name)).toThrow("can't be the name of a credential");
    expect(() => removeCredential("pfsense-backup", name)).toThrow("can't be the name of a credential");
    expect(() => writeCredential(name, "key")).toThrow("can't be the name of a job");
  },
);
