import { createHmac } from "node:crypto";
import { encodeBase64, hash } from "bcryptjs";

/** What exporter-toolkit's servers take from htpasswd(1) by default. */
const cost = 10;

/**
 * The file by which a Pushgateway asks for a user and a password: it has the password's hash alone.
 * @see https://prometheus.io/docs/pushgateway/latest/, "TLS and basic authentication"
 */
export async function webConfig(user: string, password: string): Promise<string> {
  return `basic_auth_users:\n  ${JSON.stringify(user)}: ${JSON.stringify(await hash(password, saltOf(user, password)))}\n`;
}

/** Follows from the password: by a random one, each `pulumi up` would write another hash. */
function saltOf(user: string, password: string): string {
  const bytes = createHmac("sha256", password).update(`holdfast pushgateway ${user}`).digest();
  return `$2b$${cost}$${encodeBase64(bytes.subarray(0, 16), 16)}`;
}
