import { connectionSchema, parseHostKey } from "./connection";

const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJ0Fh3QpWwyCq3fXyQk2PZ1i2mFp0m4xTn0rCw5sHq1N";

test.each([`ssh-ed25519 ${blob}`, `ssh-ed25519 ${blob} root@pve\n`, `[10.0.0.2]:2222 ssh-ed25519 ${blob}`])(
  "reads the key in %j",
  line => {
    expect(parseHostKey(line)).toEqual({ type: "ssh-ed25519", blob: Buffer.from(blob, "base64") });
  },
);

test.each([
  ...["", "ssh-ed25519", "ssh-rsa AAAA", `ssh-rsa ${blob}`, "SHA256:abc"],
  ...[`10.0.0.2 2222 ssh-ed25519 ${blob}`, `ssh-ed25519 ${blob.slice(0, -4)}`],
])("refuses %j as a key", line => {
  expect(() => parseHostKey(line)).toThrow("holds no public key");
});

test("has the documented defaults", () => {
  expect(connectionSchema.parse({ host: "pve" })).toEqual({
    host: "pve",
    user: "root",
    port: 22,
    dialErrorLimit: 10,
    perDialTimeout: 15,
  });
});

test("refuses a proxy with the way out", () => {
  const result = connectionSchema.safeParse({ host: "pve", proxy: { host: "bastion" } });
  expect(result.error?.issues[0]?.message).toContain("install the official plugin");
});
