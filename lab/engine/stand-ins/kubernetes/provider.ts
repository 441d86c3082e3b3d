import { randomBytes } from "node:crypto";
import { changes } from "../protocol/diff";
import type { CheckRequest, CreateRequest, Diff, DiffRequest, Log, Provider } from "../protocol/provider";
import { type Values, contains, isSecret, isUnknown, plainValues } from "../protocol/values";
import { withAccountToken } from "./account-token";
import { ApiError, Unreachable, connect } from "./api";
import { Cluster, UnknownKind } from "./cluster";
import { type Configuration, parseConfiguration } from "./configuration";
import { builtInNamespaced } from "./discovery";
import { clusterAccess } from "./kubeconfig";
import { annotateSecrets, bookkeeping, driftedInputs, liveObject, without } from "./live-state";
import { annotation, autonamed, idOf, metadataOf, named, withMetadata } from "./naming";
import { replacesFor } from "./replace-rules";
import { render, renderedPath, unrender } from "./yaml-directory";

const deleteTimeoutSeconds = 10 * 60;

interface Put {
  readonly urn: string;
  readonly inputs: Values;
  readonly fieldManager: string;
  /** Seconds; 0 when the program sets none. */
  readonly timeout: number;
}

/** Kubernetes objects of any kind, by server-side apply or as manifests in a directory. */
export class KubernetesProvider implements Provider {
  readonly version = "4.32.0";
  #configuration: Configuration = {};
  #log: Log = () => undefined;
  #cluster: Cluster | undefined;
  #namespace: string | undefined;
  #unreachable: string | undefined;

  async configure(values: Values, log: Log): Promise<void> {
    this.#log = log;
    this.#configuration = parseConfiguration(values);
    const { kubeconfig, context, namespace, renderYamlToDirectory } = this.#configuration;
    this.#namespace = namespace;
    try {
      const access = clusterAccess(kubeconfig, context, process.env);
      this.#cluster = new Cluster(connect(access));
      this.#namespace ??= access.namespace;
    } catch (error) {
      // Manifests need no cluster; a preview may come before there is one.
      this.#unreachable = (error as Error).message;
      if (kubeconfig !== undefined && renderYamlToDirectory === undefined) throw error;
    }
  }

  replacesOnConfiguration(olds: Values, news: Values): boolean {
    const place = (values: Values): string => {
      const { kubeconfig, context, renderYamlToDirectory } = parseConfiguration(values);
      if (renderYamlToDirectory !== undefined) return `directory ${renderYamlToDirectory}`;
      return `cluster ${clusterAccess(kubeconfig, context, process.env).server}`;
    };
    try {
      return place(olds) !== place(news);
    } catch {
      return false;
    }
  }

  async check({
    type,
    name,
    olds,
    news,
    randomSeed,
    urn,
  }: CheckRequest): Promise<{ inputs: Values; failures: [] }> {
    refuseUnsupported(type);
    let inputs = named(withoutNulls(news), olds, name, randomSeed);
    const metadata = metadataOf(inputs);
    if (metadata["namespace"] === undefined && (await this.#isNamespaced(inputs)))
      inputs = withMetadata(inputs, { ...metadata, namespace: this.#namespace ?? "default" });
    if (this.#configuration.renderYamlToDirectory !== undefined && contains(inputs, isSecret))
      this.#log("warning", urn, "rendered YAML will contain a secret value in plaintext");
    return { inputs, failures: [] };
  }

  async diff({ oldInputs, news }: DiffRequest): Promise<Diff> {
    const found = changes(oldInputs, news);
    const replaces = replacesFor(String(news["kind"]), found, this.#configuration);
    const [before, now] = [metadataOf(oldInputs), metadataOf(news)];
    const sameName = before["name"] === now["name"] && before["namespace"] === now["namespace"];
    const deleteBeforeReplace = replaces.length > 0 && sameName && annotation(now, autonamed) !== "true";
    return { changes: found, replaces, deleteBeforeReplace };
  }

  async create({ urn, inputs, preview, timeout }: CreateRequest): Promise<{ id: string; state: Values }> {
    const fieldManager = `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
    if (preview) return { id: "", state: await this.#preview(urn, inputs, fieldManager) };
    const state = await this.#put({ urn, inputs, fieldManager, timeout }, async cluster => {
      if (this.#configuration.upsertExistingObjects || !(await cluster.read(inputs))) return;
      throw new Error(
        "an object of this name already exists. Import it (pulumi import), remove it, or set upsertExistingObjects on the provider",
      );
    });
    return { id: idOf(state), state };
  }

  async update(request: Parameters<Provider["update"]>[0]): Promise<Values> {
    const { urn, oldState, news, preview, timeout } = request;
    const known = oldState[bookkeeping.fieldManager];
    const fieldManager =
      typeof known === "string" ? known : `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
    return preview
      ? this.#preview(urn, news, fieldManager)
      : this.#put({ urn, inputs: news, fieldManager, timeout });
  }

  async read({ id, inputs, state }: Parameters<Provider["read"]>[0]) {
    if (this.#configuration.renderYamlToDirectory !== undefined) return { id, inputs, state };
    const before = liveObject(state);
    const [namespace, name] = id.includes("/") ? id.split("/") : [undefined, id];
    const identity = { apiVersion: before["apiVersion"] ?? null, kind: before["kind"] ?? null };
    const live = await this.#reachable().read({
      ...identity,
      metadata: namespace === undefined ? { name: name ?? id } : { namespace, name: name ?? id },
    });
    if (!live) return undefined;
    const manager = Object.fromEntries(Object.entries(state).filter(([key]) => !(key in before)));
    return {
      id,
      inputs: driftedInputs(inputs, before, live),
      state: { ...annotateSecrets(live, inputs), ...manager },
    };
  }

  async delete({ state, inputs, timeout }: Parameters<Provider["delete"]>[0]): Promise<void> {
    const { renderYamlToDirectory: directory } = this.#configuration;
    const object = Object.keys(inputs).length > 0 ? inputs : liveObject(state);
    if (directory !== undefined) return unrender(directory, object);
    await this.#reachable().remove(object, (timeout || deleteTimeoutSeconds) * 1000);
  }

  /** The object as the server would make it, when it can tell; the inputs otherwise. */
  async #preview(urn: string, inputs: Values, fieldManager: string): Promise<Values> {
    if (this.#configuration.renderYamlToDirectory !== undefined || contains(inputs, isUnknown)) return inputs;
    try {
      const options = { fieldManager, dryRun: true, force: this.#force(inputs) };
      const object = await this.#reachable().apply(inputs, options);
      return annotateSecrets(without(object, ["status"]), inputs);
    } catch (error) {
      if (error instanceof Unreachable) this.#log("warning", urn, unreachable(error.message));
      // Its namespace or definition may be part of the same deployment; a user may be allowed less than a dry run.
      const later = error instanceof UnknownKind || error instanceof Unreachable;
      if (later || (error instanceof ApiError && [403, 404].includes(error.status))) return inputs;
      throw error;
    }
  }

  async #put(
    { urn, inputs, fieldManager, timeout }: Put,
    before: (cluster: Cluster) => Promise<void> = async () => undefined,
  ): Promise<Values> {
    const own = {
      [bookkeeping.fieldManager]: fieldManager,
      [bookkeeping.initialApiVersion]: inputs["apiVersion"] ?? "",
    };
    const { renderYamlToDirectory: directory } = this.#configuration;
    if (directory !== undefined) {
      render(directory, inputs);
      this.#log("info", urn, `rendered ${renderedPath(directory, inputs)}`, true);
      return { ...inputs, ...own };
    }
    try {
      const cluster = this.#reachable();
      await before(cluster);
      const made = await cluster.apply(inputs, { fieldManager, dryRun: false, force: this.#force(inputs) });
      const live = await withAccountToken(made, () => cluster.read(inputs), timeout * 1000);
      return { ...annotateSecrets(live, inputs), ...own };
    } catch (error) {
      const why = error instanceof Unreachable ? unreachable(error.message) : (error as Error).message;
      throw new Error(
        `resource ${idOf(plainValues(inputs))} was not applied by the Kubernetes API server: ${why}`,
        {
          cause: error,
        },
      );
    }
  }

  #force(inputs: Values): boolean {
    const asked = annotation(metadataOf(plainValues(inputs)), "pulumi.com/patchForce");
    return asked === undefined ? (this.#configuration.enablePatchForce ?? false) : asked === "true";
  }

  async #isNamespaced(object: Values): Promise<boolean> {
    const [apiVersion, kind] = [String(object["apiVersion"]), String(object["kind"])];
    const known = builtInNamespaced(apiVersion, kind);
    if (known !== undefined) return known;
    try {
      return (await this.#cluster?.discovery.find(apiVersion, kind))?.namespaced ?? true;
    } catch (error) {
      if (error instanceof Unreachable) return true;
      throw error;
    }
  }

  #reachable(): Cluster {
    if (this.#cluster) return this.#cluster;
    throw new Unreachable(this.#unreachable ?? "no cluster is configured");
  }
}

function unreachable(why: string): string {
  return `configured Kubernetes cluster is unreachable: ${why}`;
}

/** The program's SDK sends an absent property as null at times; an applied null would mean something. */
function withoutNulls(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function refuseUnsupported(type: string): void {
  const [, group = "", kind = ""] = type.split(":");
  const special =
    ["helm.sh", "kustomize", "yaml"].some(name => group.startsWith(name)) || /(Patch|List)$/.test(kind);
  if (special)
    throw new Error(
      `the stand-in for the kubernetes plugin has no ${type}: it applies plain objects. Install the official plugin`,
    );
}
