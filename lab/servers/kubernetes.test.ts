import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { installed, kubernetesVersion } from "./kubernetes";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-kubernetes-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function program(place: string, name: string, says: string): void {
  mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, place, name), `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 });
}

test("programs that are there are used, from envtest's folder before PATH, and others of another version are told", async () => {
  program("assets", "kube-apiserver", `Kubernetes ${kubernetesVersion.replace(/\d+$/, "99")}`);
  program("bin", "kube-apiserver", `Kubernetes ${kubernetesVersion}`);
  program("bin", "kubelet", "Kubernetes v1.3.1");
  program("bin", "kube-scheduler", "oops");
  const said: string[] = [];
  const environment = { KUBEBUILDER_ASSETS: join(folder, "assets"), PATH: join(folder, "bin") };
  const found = await installed({ ...environment }, line => said.push(line));
  expect([...found]).toEqual([["kube-apiserver", join(folder, "assets/kube-apiserver")]]);
  expect(said).toEqual([
    `"${join(folder, "bin/kube-scheduler")}" is not used: it is broken, and the lab is made for v1.36.x`,
    `"${join(folder, "bin/kubelet")}" is not used: it is v1.3.1, and the lab is made for v1.36.x`,
  ]);
  const besides = { KUBEBUILDER_ASSETS: relative(process.cwd(), join(folder, "assets")), PATH: "" };
  expect([...(await installed(besides, () => undefined)).values()]).toEqual([
    join(folder, "assets/kube-apiserver"),
  ]);
  expect([...(await installed({ PATH: join(folder, "bin") }, () => undefined)).values()]).toEqual([
    join(folder, "bin/kube-apiserver"),
  ]);
});
