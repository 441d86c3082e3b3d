import { hashSync } from "bcryptjs";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataDir, readLabFile } from "./places";

/** Who the lab's Pushgateway takes metrics from, and shows them to. */
export const pushgatewayUser = "holdfast";

const folder = (): string => dataDir("pushgateway");
export const pushgatewayPasswordFile = (): string => join(folder(), "password");
export const pushgatewayMetricsFile = (): string => join(folder(), "metrics");
export const pushgatewayConfigFile = (): string => join(folder(), "web.yml");

/** The password of its only user. @throws when the servers were never started in this lab */
export function pushgatewayPassword(): string {
  return readLabFile(pushgatewayPasswordFile());
}

/** Headers by which it lets somebody in. */
export function pushgatewayHeaders(): Record<string, string> {
  const login = `${pushgatewayUser}:${pushgatewayPassword()}`;
  return { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
}

/** Gives it a password, unless it has one. */
export function preparePushgatewayLogin(): void {
  if (existsSync(pushgatewayConfigFile())) return;
  mkdirSync(folder(), { recursive: true });
  const password = randomBytes(24).toString("base64url");
  writeFileSync(pushgatewayPasswordFile(), password, { mode: 0o600 });
  // Of the least cost: it is asked for every other second.
  const users = `basic_auth_users:\n  ${pushgatewayUser}: ${JSON.stringify(hashSync(password, 4))}\n`;
  writeFileSync(pushgatewayConfigFile(), users, { mode: 0o600 });
}
