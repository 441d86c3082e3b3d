import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { Report } from "../../components/report";
import { type Registered, registrations } from "./engine";

const image = `docker.io/library/node:24-bookworm-slim@sha256:${"a".repeat(64)}`;
const page = "<!doctype html>\n<p>photos – books</p>\n";

async function made(args: Partial<ConstructorParameters<typeof Report>[1]> = {}) {
  return registrations(async () => {
    new Report("house", { namespace: "monitoring", page, image, ...args });
  });
}

function inputsOf(resources: readonly Registered[], kind: string): Record<string, unknown> {
  const found = resources.filter(({ type }) => type.endsWith(`:${kind}`));
  expect(found).toHaveLength(1);
  return found[0]?.inputs as Record<string, unknown>;
}

function commandOf(resources: readonly Registered[]): { command: string[] } {
  const container = z.object({ command: z.array(z.string()) });
  const spec = z.object({ containers: z.tuple([container]) });
  return z
    .object({ spec: z.object({ template: z.object({ spec }) }) })
    .parse(inputsOf(resources, "Deployment")).spec.template.spec.containers[0];
}

const files = z.object({
  data: z.record(z.string(), z.string()),
  binaryData: z.record(z.string(), z.string()),
});

test("the page is served by a pod that may do nothing else, behind a Service that nobody outside reaches", async () => {
  const { resources, error } = await made();
  expect(error).toBeUndefined();
  const { spec } = z
    .object({ spec: z.object({ template: z.object({ spec: z.record(z.string(), z.unknown()) }) }) })
    .parse(inputsOf(resources, "Deployment"));
  expect(spec.template.spec).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        image,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ readOnly: true }],
      },
    ],
  });
  expect(inputsOf(resources, "NetworkPolicy")).toMatchObject({ spec: { egress: [] } });
  const service = inputsOf(resources, "Service") as { spec: object };
  // By itself it is a ClusterIP.
  expect(Object.keys(service.spec).sort()).toEqual(["ports", "selector"]);
});

test.each([
  [{ image: "docker.io/library/node:24" }, /can become another program/],
  [
    { page: Array.from({ length: 400_000 }, (_, n) => (n * 2654435761) % 4294967296).join(" ") },
    /a ConfigMap takes 1000000/,
  ],
])("what can't be served is refused: %#", async (args, message) => {
  expect(String((await made(args)).error)).toMatch(message);
});

test("page and image may be outputs of what the program makes before", async () => {
  const plain = await made();
  const { resources } = await made({ page: pulumi.output(page), image: pulumi.output(image) });
  for (const kind of ["ConfigMap", "Deployment"])
    expect(inputsOf(resources, kind)).toEqual(inputsOf(plain.resources, kind));
});

describe("the server", () => {
  let folder: string;
  let server: ChildProcess;
  let port: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-served-"));
    const { resources } = await made();
    const names = mounted(resources, "..2026_11_30");
    for (const name of names) symlinkSync(join("..data", name), join(folder, name));
    const { command } = commandOf(resources);
    server = spawn(
      process.execPath,
      command
        .slice(1, -1)
        .map(word => word.replace("/srv/report", folder))
        .concat("0"),
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [said] = (await once(server.stdout ?? server, "data")) as [Buffer];
    port = Number(/\d+/.exec(said.toString())?.[0]);
  });
  afterAll(async () => {
    const ended = once(server, "exit");
    server.kill();
    expect(await ended).toEqual([0, null]);
    rmSync(folder, { recursive: true });
  });

  /** Files as the kubelet mounts them: in a dated folder that `..data` names, and which goes once another one has come. */
  function mounted(resources: readonly Registered[], dated: string): string[] {
    const { data, binaryData } = files.parse(inputsOf(resources, "ConfigMap"));
    mkdirSync(join(folder, dated));
    for (const [name, text] of Object.entries(data)) writeFileSync(join(folder, dated, name), text);
    for (const [name, text] of Object.entries(binaryData))
      writeFileSync(join(folder, dated, name), Buffer.from(text, "base64"));
    symlinkSync(dated, join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    return [...Object.keys(data), ...Object.keys(binaryData)];
  }

  const ask = (method: string, path: string, encoding = "") =>
    new Promise<{ status: number | undefined; headers: object; body: Buffer }>((resolve, reject) => {
      const headers = encoding === "" ? {} : { "accept-encoding": encoding };
      request({ host: "127.0.0.1", port, method, path, headers }, response => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
        );
      })
        .on("error", reject)
        .end();
    });

  test("gives the page, packed to whoever takes that, and takes nothing", async () => {
    const packed = await ask("GET", "/", "br, gzip");
    expect(packed.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "text/html; charset=utf-8",
    });
    expect(gunzipSync(packed.body).toString()).toBe(page);
    expect((await ask("GET", "/")).body.toString()).toBe(page);
    expect(await ask("HEAD", "/")).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect(await ask("POST", "/")).toMatchObject({ status: 405 });
    expect(await ask("GET", "/../server.cjs")).toMatchObject({ status: 404 });
  });

  test("gives another one once the cluster has changed the file, and says where there is none", async () => {
    mounted((await made({ page: "another" })).resources, "..2026_12_01");
    rmSync(join(folder, "..2026_11_30"), { recursive: true });
    expect((await ask("GET", "/")).body.toString()).toBe("another");
    rmSync(join(folder, "report.html.gz"));
    expect(await ask("GET", "/")).toMatchObject({ status: 503 });
  });
});
