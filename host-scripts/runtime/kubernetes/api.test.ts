import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { connect } from "./api";

const folder = mkdtempSync(join(tmpdir(), "holdfast-api-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("an answer that is longer than any list is given up, and ends no run", async () => {
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  execaSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "1"],
    ...["-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
  ]);
  const piece = Buffer.alloc(2 ** 20, " ");
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => {
    const more = (): void => {
      while (response.write(piece));
      response.once("drain", more);
    };
    more();
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const authority = readFileSync(cert).toString("base64");
  const kubeconfig = {
    clusters: [{ cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": authority } }],
    users: [{ user: { token: "token" } }],
  };
  // A slow machine doesn't decrypt a runner's own limit in an answer's time.
  const api = connect(JSON.stringify(kubeconfig), new AbortController().signal, 2 ** 21);
  await expect(api.get("/api/v1/persistentvolumes")).rejects.toThrow("has more than 2097152 bytes");
  server.closeAllConnections();
  server.close();
});

test("a kubeconfig that is none is told, and quoted by nothing", () => {
  for (const text of [
    "open-sesame",
    `{"users": [{"user": {"token": open-sesame}}]}`,
    `{"token": "open-sesame`,
    "{}",
  ]) {
    let told = "";
    try {
      connect(text, new AbortController().signal);
    } catch (error) {
      told = String(error);
    }
    expect(told).not.toBe("");
    expect(told).not.toContain("sesame");
  }
});
