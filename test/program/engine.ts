import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

// Exported, but missing from the SDK's type declarations.
const { waitForRPCs } = jest.requireActual<{ waitForRPCs(): Promise<void> }>(
  "@pulumi/pulumi/runtime/settings",
);

/** One registration, as the program sent it to the engine. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** Secrets are `{ [secretKey]: …, value }`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent: string;
  /** Names of the resources that it waits for. */
  readonly dependsOn: readonly string[];
  readonly deleteBeforeReplace: boolean;
  /** Inputs of which a change is none. */
  readonly ignoreChanges: readonly string[];
  /** Name of the provider that it names; empty where it leaves that to the engine. */
  readonly provider: string;
}

/** What a cluster fills into the token Secret of an account. */
export const tokenData = {
  "ca.crt": Buffer.from("-----BEGIN CERTIFICATE-----").toString("base64"),
  token: Buffer.from("token-of-the-account").toString("base64"),
};

/** Mark of a secret in what the SDK sends. */
export const secretKey = "4dabf18193072939515e22adb298388d";

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getDependenciesList(): string[];
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getProvider(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
}

/** Runs a program against the SDK's mocks, and gives what it registered, in that order, and what it warned of. */
export async function registrations(
  program: () => Promise<unknown>,
): Promise<{ resources: Registered[]; warnings: string[]; error?: unknown }> {
  const resources: Registered[] = [];
  const warnings: string[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state: {
          ...(inputs as object),
          stdout: `stdout of ${name}`,
          ...(type === "kubernetes:core/v1:Secret" ? { data: tokenData } : {}),
        },
      }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    "holdfast",
    "test",
    false,
    "organization",
  );
  const register = jest.spyOn(MockMonitor.prototype, "registerResource");
  const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async message => {
    warnings.push(message);
  });
  const { prepareStackTrace, stackTraceLimit } = Error;
  // The SDK takes a stack with each promise. Here it is as Node itself has it: mapping them would cost more than the program.
  Error.prepareStackTrace = (error, frames) => [String(error), ...frames].join("\n    at ");
  Error.stackTraceLimit = 10;
  try {
    await program();
    await waitForRPCs();
    return { resources: record(register.mock.calls.map(([request]) => request as Request)), warnings };
  } catch (error) {
    await waitForRPCs();
    return { resources: record(register.mock.calls.map(([request]) => request as Request)), warnings, error };
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
    register.mockRestore();
    warn.mockRestore();
  }

  function record(requests: readonly Request[]): Registered[] {
    for (const request of requests)
      resources.push({
        type: request.getType(),
        name: request.getName(),
        inputs: request.getObject().toJavaScript(),
        parent: nameIn(request.getParent()),
        dependsOn: request.getDependenciesList().map(nameIn).sort(),
        deleteBeforeReplace: request.getDeletebeforereplace(),
        ignoreChanges: request.getIgnorechangesList(),
        provider: providerName(request.getProvider()),
      });
    return resources;
  }
}

/** The only resource of that name. */
export function named(resources: readonly Registered[], name: string): Registered {
  const found = resources.filter(resource => resource.name === name);
  if (found.length !== 1 || !found[0])
    throw new Error(
      `${found.length} resources are called "${name}" among ${resources.map(r => r.name).join(", ")}`,
    );
  return found[0];
}

/** The same value without what is inside a secret. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (secretKey in value) return "secret";
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutSecrets(inner)]));
}

/** Lines of a resource's standard input that the one before didn't have. */
export function changedLines(before: Registered, after: Registered): string[] {
  const old = new Set(String(before.inputs["stdin"]).split("\n"));
  return String(after.inputs["stdin"])
    .split("\n")
    .filter(line => !old.has(line));
}

/** A reference to a provider is its URN and its id. */
function providerName(reference: string): string {
  return nameIn(reference.split("::").slice(0, -1).join("::"));
}

function nameIn(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}
