import { inTurn, TookTooLong } from "../runtime/in-turn";
import { exitCodes, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { saidWhere } from "../runtime/said-where";
import { heldImage } from "./held";
import { newestMs, type Unreadable, unreadableOf } from "./image";
import { failureOf, makeImage } from "./make-image";
import { nameOf, type Vm, type VmImages } from "./vm-images";

/** Makes an image of each VM whose last one isn't young, or takes one that was accepted. */
export const images: Phase<VmImages> = {
  name: "images",
  async run(run) {
    const { config, log, stop, outcomes } = run;
    for (const vm of config.vms) if (isFresh(run, vm)) outcomes.set(vm.id, { kind: "fresh" });
    await inTurn<Vm>(
      config.vms.filter(({ id }) => !outcomes.has(id)),
      {
        ...{ phase: "images", log, stop, name: nameOf, longestMs: config.vmBudgetMs },
        doneMs: ({ id }) => newestMs(config, id),
        async attempt(vm, signal) {
          const bytes = await makeImage(run, vm, signal);
          outcomes.set(vm.id, { kind: "made", bytes });
          log.info(`${nameOf(vm)}: a good image of ${bytes} bytes`);
        },
        failed(vm, error) {
          const failure =
            error instanceof TookTooLong
              ? { reason: error.message, next: "raise vmBudget in the estate" }
              : failureOf(error);
          outcomes.set(vm.id, { kind: "failed", reason: failure.reason, next: failure.next });
          log.warn(`${nameOf(vm)}: ${failure.reason}`);
        },
      },
    );
  },
};

function isFresh({ config, accepted, startedAt }: VmImages, { id }: Vm): boolean {
  if (accepted.has(String(id)) && heldImage(config, id)) return false;
  return startedAt.getTime() - newestMs(config, id) < config.freshMs;
}

const shown = 5;

/** Says whether each VM has a new image. */
export const judge: Phase<VmImages> = {
  name: "judge",
  async run({ config, outcomes }) {
    const failed = config.vms.flatMap(vm => {
      const outcome = outcomes.get(vm.id);
      return outcome?.kind === "failed" ? [{ vm, ...outcome }] : [];
    });
    const [first] = failed;
    const unreadable = config.vms.flatMap(({ id }) => unreadableOf(config, id));
    if (!first) return refuseUnreadable(unreadable);
    const list = failed
      .slice(0, shown)
      .map(({ vm, reason }) => `${nameOf(vm)}: ${reason}`)
      .join("; ");
    throw new RunnerError(exitCodes.failed, {
      failed: `${failed.length} of ${config.vms.length} VMs have no new image: ${list}${failed.length > shown ? "; …" : ""}`,
      kept: `Their earlier images are kept${failed.length < config.vms.length ? ", and the other VMs have new ones" : ""}.`,
      next: first.next === "" ? saidWhere(config.job) : first.next,
    });
  },
};

function refuseUnreadable(unreadable: readonly Unreadable[]): void {
  const [first] = unreadable;
  if (first)
    throw new RunnerError(exitCodes.failed, {
      failed: `${unreadable.length} earlier images can't be read, the first is in ${quoted(first.folder)}: ${first.fault}`,
      kept: "Each VM has a new image; what can't be read is neither counted nor removed.",
      next: shell`dmesg --level err,warn | tail; ls -la ${first.folder}`,
    });
}
