import { vmImagesConfig, vmImagesJobName, vmImagesMetrics } from "../plan/contracts/vm-images";
import { startRunner } from "./runtime/define-runner";
import { journalFolder } from "./runtime/hand-over";
import { recover as recoverJournal } from "./runtime/journal";
import { judgeTrash } from "./runtime/unremoved";
import { discover } from "./vm-images/discover";
import { images, judge } from "./vm-images/images";
import { previewPrune } from "./vm-images/prune";
import { stopUnit, unitOf } from "./vm-images/proxmox";
import { summary, tellVms } from "./vm-images/summary";
import { recover, verify } from "./vm-images/verify";
import type { VmImages } from "./vm-images/vm-images";
import { ways } from "./vm-images/ways";

startRunner({
  name: vmImagesJobName,
  does: "Makes images of this host's virtual machines with Proxmox's vzdump, verifies them and keeps generations of them on the backup disk.",
  accepts: { what: "VMID", why: "the VM is meant to have lost or changed so much" },
  ways,
  contract: vmImagesConfig,
  metrics: vmImagesMetrics,
  begin: (run, accepted): VmImages => ({
    ...run,
    accepted,
    startedAt: new Date(),
    outcomes: new Map(),
    unremoved: [],
  }),
  locked: run => void recoverJournal(journalFolder(run.config)),
  dryRun: [verify, discover, previewPrune],
  phases: [verify, recover, discover, images, judge, judgeTrash<VmImages>()],
  summary,
  // However the phases ended: each VM's age is told.
  finish: tellVms,
  // vzdump isn't below the run that was killed.
  tidyUp: config => stopUnit(unitOf(config.job, "vzdump")),
});
