import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** Writes what a server and its client show each other into a folder: ca.pem, and server and client as .pem and .key. @param address of the server */
export async function certificates(folder: string, address = "127.0.0.1"): Promise<void> {
  const openssl = (...args: string[]) => execa("openssl", args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"];
  await openssl("req", "-x509", ...key, "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "3");
  writeFileSync(join(folder, "names"), `subjectAltName=IP:${address}\n`);
  for (const name of ["server", "client"]) {
    await openssl("req", ...key, `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signed = [
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "names",
    ];
    await openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signed);
  }
}
