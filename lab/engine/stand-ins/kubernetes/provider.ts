import { randomBytes } from "node:crypto";
import { changes } from "../protocol/diff";
import {
  type CheckRequest,
  type CreateRequest,
  type Diff,
  type DiffRequest,
  type Log,
  type Provider,
  ResourceNotReady,
  type UpdateRequest,
} from "../protocol/provider";
import { type Values, contains, isSecret, isUnknown, plainValues } from "../protocol/values";
import { ApiError, Unreachable, connect } from "./api";
import { Cluster, UnknownKind, isAsCreated } from "./cluster";
import { type Configuration, parseConfiguration } from "./configuration";
import { builtInNamespaced } from "./discovery";
import { clusterAccess } from "./kubeconfig";
import { annotateSecrets, bookkeeping, driftedInputs, liveObject, without } from "./live-state";
import { annotation, autonamed, idOf, metadataOf, named, withMetadata } from "./naming";
import { NotReady, ready } from "./readiness";
import { replacesFor } from "./replace-rules";
import { render, renderedPath, unrender } from "./yaml-directory";

const deleteTimeoutSeconds = 10 * 60;

interface Put {
  readonly urn: string;
  readonly inputs: Values;
  readonly fieldManager: string;
  readonly preview: boolean;
}

type Reasons = readonly string[];

/**
 * Why a dry run may be refused where the deployment isn't: a user may be allowed less than a dry run, the namespace may be
 * part of the same deployment, and what is there already may be gone by then.
 */
const unlikeCreate: Reasons = ["Forbidden", "NotFound", "AlreadyExists"];
const unlikeUpdate: Reasons = ["Forbidden"];

/** Kubernetes objects of any kind: made by a plain create, updated by server-side apply; or as manifests in a directory. */
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
    const fieldManager = newFieldManager();
    const put: Put = { urn, inputs, fieldManager, preview };
    if (preview) return { id: "", state: await this.#preview(put, () => this.#make(put), unlikeCreate) };
    if (this.#configuration.renderYamlToDirectory !== undefined)
      return { id: idOf(inputs), state: this.#render(put) };
    let live: Values;
    try {
      live = await this.#make(put);
    } catch (error) {
      throw new Error(
        `resource "${urn}" was not successfully created by the Kubernetes API server: ${why(error)}`,
        {
          cause: error,
        },
      );
    }
    const id = idOf(inputs);
    try {
      const reachable = this.#reachable();
      return {
        id,
        state: this.#stateOf(put, await ready(live, () => reachable.read(inputs), timeout * 1000)),
      };
    } catch (error) {
      const reason = `resource "${urn}" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: ${why(error)}`;
      throw this.#notReady(put, id, error instanceof NotReady ? error.live : live, reason);
    }
  }

  async update({ urn, oldState, news, preview, timeout }: UpdateRequest): Promise<Values> {
    const known = oldState[bookkeeping.fieldManager];
    const fieldManager = typeof known === "string" ? known : newFieldManager();
    const put: Put = { urn, inputs: news, fieldManager, preview };
    if (preview) return this.#preview(put, () => this.#change(put), unlikeUpdate);
    if (this.#configuration.renderYamlToDirectory !== undefined) return this.#render(put);
    const id = idOf(news);
    try {
      const changed = await this.#change(put);
      const reachable = this.#reachable();
      return this.#stateOf(put, await ready(changed, () => reachable.read(news), timeout * 1000));
    } catch (error) {
      if (error instanceof Unreachable) throw new Error(why(error), { cause: error });
      const live = error instanceof NotReady ? error.live : await this.#reachable().read(news);
      // What isn't there can't be in the state as it is now.
      if (!live) throw new Error(`update of resource "${urn}" failed: ${why(error)}`, { cause: error });
      const reason = `the Kubernetes API server reported that "${id}" failed to fully initialize or become live: ${why(error)}`;
      throw this.#notReady(put, id, live, reason);
    }
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

  /** A new object, by a plain create: one of its name that is there already is no reason to take it over. */
  async #make({ inputs, fieldManager, preview }: Put): Promise<Values> {
    const cluster = this.#reachable();
    if (this.#configuration.upsertExistingObjects)
      return cluster.apply(inputs, { fieldManager, dryRun: preview, force: preview || this.#force(inputs) });
    try {
      return await cluster.create(inputs, preview);
    } catch (error) {
      if (preview || !(error instanceof ApiError) || error.reason !== "AlreadyExists") throw error;
      throw new Error(
        `${error.message}\n\nThe resource already exists in the cluster. Adopt it (pulumi import), remove it, or set upsertExistingObjects on the provider`,
        { cause: error },
      );
    }
  }

  /** An object that is there, by server-side apply. @throws {ApiError} when it is gone */
  async #change({ inputs, fieldManager, preview }: Put): Promise<Values> {
    const cluster = this.#reachable();
    const live = await cluster.get(inputs);
    if (!preview) await cluster.takeOver(live, fieldManager);
    // What the plain create owns is taken over before the real update alone.
    const force = this.#force(inputs) || (preview && isAsCreated(live));
    return cluster.apply(inputs, { fieldManager, dryRun: preview, force });
  }

  /** The object as the server would make it, when it can tell; the inputs otherwise. */
  async #preview({ urn, inputs }: Put, dryRun: () => Promise<Values>, later: Reasons): Promise<Values> {
    if (this.#configuration.renderYamlToDirectory !== undefined || contains(inputs, isUnknown)) return inputs;
    try {
      return annotateSecrets(without(await dryRun(), ["status"]), inputs);
    } catch (error) {
      if (error instanceof Unreachable) this.#log("warning", urn, why(error));
      if (error instanceof UnknownKind || error instanceof Unreachable) return inputs;
      if (error instanceof ApiError && later.includes(error.reason ?? "")) return inputs;
      throw error;
    }
  }

  #render(put: Put): Values {
    const { renderYamlToDirectory: directory = "" } = this.#configuration;
    render(directory, put.inputs);
    this.#log("info", put.urn, `rendered ${renderedPath(directory, put.inputs)}`, true);
    return { ...put.inputs, ...ownValues(put) };
  }

  #stateOf(put: Put, live: Values): Values {
    return { ...annotateSecrets(live, put.inputs), ...ownValues(put) };
  }

  /** Made or changed, and kept in the state: the next deployment tries again what it lacks. */
  #notReady(put: Put, id: string, live: Values, reason: string): ResourceNotReady {
    return new ResourceNotReady(id, this.#stateOf(put, live), put.inputs, [reason]);
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

function newFieldManager(): string {
  return `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

function ownValues({ fieldManager, inputs }: Put): Values {
  return {
    [bookkeeping.fieldManager]: fieldManager,
    [bookkeeping.initialApiVersion]: inputs["apiVersion"] ?? "",
  };
}

function why(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return error instanceof Unreachable ? `configured Kubernetes cluster is unreachable: ${said}` : said;
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
