import type { Check } from "./check";
import { absenceUncovered } from "./alerts/absence-uncovered";
import { alwaysFires } from "./alerts/always-fires";
import { doublyRouted } from "./alerts/doubly-routed";
import { jobUnwatched } from "./alerts/job-unwatched";
import { joinNeverMatches } from "./alerts/join-never-matches";
import { labelUnknown } from "./alerts/label-unknown";
import { metricPushedOnlyOnSuccess } from "./alerts/metric-pushed-only-on-success";
import { metricUnknown } from "./alerts/metric-unknown";
import { neverFires } from "./alerts/never-fires";
import { neverLeavesSite } from "./alerts/never-leaves-site";
import { nobodyWaits } from "./alerts/nobody-waits";
import { pushgatewayForgets } from "./alerts/pushgateway-forgets";
import { runbookMissing } from "./alerts/runbook-missing";
import { syntax } from "./alerts/syntax";
import { unrouted } from "./alerts/unrouted";
import { seriesLeftOut } from "./alerts/series-left-out";
import { exporterNamesNothing } from "./alerts/exporter-names-nothing";
import { namedForAnother } from "./alerts/named-for-another";
import { waitsTooLong } from "./alerts/waits-too-long";
import { scrapedTooRarely } from "./alerts/scraped-too-rarely";
import { fileRefused } from "./alerts/file-refused";
import { firesWhenHealthy } from "./alerts/fires-when-healthy";
import { laterThanPromise } from "./alerts/later-than-promise";
import { rateOfGauge } from "./alerts/rate-of-gauge";
import { silentAfterAMiss } from "./alerts/silent-after-a-miss";
import { windowTooShort } from "./alerts/window-too-short";
import { wrongUnit } from "./alerts/wrong-unit";
import { changeUnknown } from "./capacity/change-unknown";
import { diskCapacity } from "./capacity/disk";
import { fullBefore } from "./capacity/full-before";
import { nasCapacity } from "./capacity/nas";
import { poolData } from "./capacity/pool-data";
import { poolMetadata } from "./capacity/pool-metadata";
import { vgMetadata } from "./capacity/vg-metadata";
import { usedBelowData } from "./capacity/used-below-data";
import { sizeUnknown } from "./capacity/size-unknown";
import { contradictEachOther } from "./documents/contradict-each-other";
import { differsFromPlan } from "./documents/differs-from-plan";
import { letterApart } from "./estate/letter-apart";
import { oneInsideAnother } from "./estate/one-inside-another";
import { readsNothing } from "./estate/reads-nothing";
import { saidOnce } from "./estate/said-once";
import { usedByNothing } from "./estate/used-by-nothing";
import { twoOfOne } from "./estate/two-of-one";
import { afterCycle } from "./order/after-cycle";
import { assumedNotEnforced } from "./order/assumed-not-enforced";
import { budgetOutOfBounds } from "./order/budget-out-of-bounds";
import { overlapOnDisk } from "./order/overlap-on-disk";
import { timeoutBelowBudget } from "./order/timeout-below-budget";
import { tooMuchForBudget } from "./order/too-much-for-budget";
import { leftOutYetPromised } from "./promises/left-out-yet-promised";
import { needsLeftOut } from "./promises/needs-left-out";
import { needsRestoredLater } from "./promises/needs-restored-later";
import { noPromise } from "./promises/no-promise";
import { restoredTogether } from "./promises/restored-together";
import { restoreCycle } from "./promises/restore-cycle";
import { restoreUnproven } from "./promises/restore-unproven";
import { rpo } from "./promises/rpo";
import { rto } from "./promises/rto";
import { secretCycle } from "./promises/secret-cycle";
import { singleMedium } from "./promises/single-medium";
import { slipOfUnit } from "./promises/slip-of-unit";
import { threeTwoOne } from "./promises/three-two-one";
import { unreachableFromHostRoot } from "./promises/unreachable-from-host-root";
import { belowGap } from "./retention/below-gap";
import { deletesBeforeVerified } from "./retention/deletes-before-verified";
import { goneBeforeTime } from "./retention/gone-before-time";
import { farBelowOthers } from "./retention/far-below-others";
import { goneBeforeNoticed } from "./retention/gone-before-noticed";
import { mirrorWithoutHistory } from "./retention/mirror-without-history";
import { outlivedBySource } from "./retention/outlived-by-source";
import { backupDiskStays } from "./routes/backup-disk-stays";
import { deleterOverForeignTree } from "./routes/deleter-over-foreign-tree";
import { namespacesUnknown } from "./routes/namespaces-unknown";
import { encryptedUnopened } from "./routes/encrypted-unopened";
import { excludeHidesData } from "./routes/exclude-hides-data";
import { excludeNamesNothing } from "./routes/exclude-names-nothing";
import { legTooHigh } from "./routes/leg-too-high";
import { legsCrossed } from "./routes/legs-crossed";
import { mirrorOnOneDisk } from "./routes/mirror-on-one-disk";
import { mirrorTurnedRound } from "./routes/mirror-turned-round";
import { metadataLost } from "./routes/metadata-lost";
import { namespaceNamesNothing } from "./routes/namespace-names-nothing";
import { dumpInLiveTree } from "./routes/dump-in-live-tree";
import { noCopy } from "./routes/no-copy";
import { noRouteOffSite } from "./routes/no-route-off-site";
import { onlyLeavesOut } from "./routes/only-leaves-out";
import { partlyCovered } from "./routes/partly-covered";
import { trackerWatchesLess } from "./routes/tracker-watches-less";
import { databaseAsFiles } from "./routes/database-as-files";
import { guestsLeftOut } from "./routes/guests-left-out";
import { sqliteUnsaid } from "./routes/sqlite-unsaid";
import { sqliteTorn } from "./routes/sqlite-torn";
import { jobFarLooser } from "./promises/job-far-looser";
import { linkTooSlow } from "./promises/link-too-slow";
import { looserThanLarger } from "./promises/looser-than-larger";
import { diskStays } from "./routes/disk-stays";
import { volumesStay } from "./routes/volumes-stay";
import { readByNobody } from "./retention/read-by-nobody";
import { twoRoutes } from "./routes/two-routes";
import { daysLeftOut } from "./schedule/days-left-out";
import { dayOr } from "./schedule/day-or";
import { outOfTurn } from "./schedule/out-of-turn";
import { yearsOver } from "./schedule/years-over";
import { zoneApart } from "./schedule/zone-apart";
import { vmWithoutImage } from "./routes/vm-without-image";
import { neverFiresInYears } from "./schedule/never-fires-in-years";
import { runsDoubledByDst } from "./schedule/runs-doubled-by-dst";
import { runsLostToDst } from "./schedule/runs-lost-to-dst";
import { snapshotTooOld } from "./schedule/snapshot-too-old";
import { staleAbovePromise } from "./schedule/stale-above-promise";
import { staleBelowGap } from "./schedule/stale-below-gap";
import { breakGlassUnproven } from "./security/break-glass-unproven";
import { passphraseBehindItself } from "./security/passphrase-behind-itself";
import { plaintextTransport } from "./security/plaintext-transport";
import { rootLogin } from "./security/root-login";
import { secretInOnePlace } from "./security/secret-in-one-place";
import { unencryptedOffSite } from "./security/unencrypted-off-site";
import { secretUnused } from "./security/secret-unused";
import { unpinnedHostKey } from "./security/unpinned-host-key";
import { unpinnedSecret } from "./security/unpinned-secret";
import { weakHostKey } from "./security/weak-host-key";
import { waiverExpired } from "./waivers/expired";
import { waiverUnusedOf } from "./waivers/unused";
import { withoutEnd } from "./waivers/without-end";

/** Every check that looks at the plan alone. */
const checks: readonly Check[] = [
  readsNothing,
  letterApart,
  oneInsideAnother,
  saidOnce,
  twoOfOne,
  usedByNothing,
  absenceUncovered,
  alwaysFires,
  doublyRouted,
  jobUnwatched,
  joinNeverMatches,
  labelUnknown,
  metricPushedOnlyOnSuccess,
  metricUnknown,
  neverFires,
  neverLeavesSite,
  nobodyWaits,
  pushgatewayForgets,
  runbookMissing,
  syntax,
  unrouted,
  wrongUnit,
  windowTooShort,
  silentAfterAMiss,
  rateOfGauge,
  laterThanPromise,
  exporterNamesNothing,
  seriesLeftOut,
  namedForAnother,
  waitsTooLong,
  scrapedTooRarely,
  fileRefused,
  firesWhenHealthy,
  changeUnknown,
  diskCapacity,
  fullBefore,
  nasCapacity,
  poolData,
  poolMetadata,
  vgMetadata,
  sizeUnknown,
  usedBelowData,
  contradictEachOther,
  differsFromPlan,
  afterCycle,
  assumedNotEnforced,
  budgetOutOfBounds,
  overlapOnDisk,
  timeoutBelowBudget,
  tooMuchForBudget,
  leftOutYetPromised,
  needsLeftOut,
  needsRestoredLater,
  noPromise,
  restoredTogether,
  restoreCycle,
  restoreUnproven,
  rpo,
  jobFarLooser,
  linkTooSlow,
  looserThanLarger,
  slipOfUnit,
  rto,
  secretCycle,
  singleMedium,
  threeTwoOne,
  unreachableFromHostRoot,
  belowGap,
  deletesBeforeVerified,
  farBelowOthers,
  goneBeforeNoticed,
  goneBeforeTime,
  mirrorWithoutHistory,
  outlivedBySource,
  backupDiskStays,
  deleterOverForeignTree,
  dumpInLiveTree,
  encryptedUnopened,
  excludeHidesData,
  excludeNamesNothing,
  legTooHigh,
  legsCrossed,
  mirrorTurnedRound,
  mirrorOnOneDisk,
  metadataLost,
  namespaceNamesNothing,
  namespacesUnknown,
  noCopy,
  noRouteOffSite,
  onlyLeavesOut,
  partlyCovered,
  trackerWatchesLess,
  twoRoutes,
  dayOr,
  daysLeftOut,
  yearsOver,
  zoneApart,
  outOfTurn,
  sqliteTorn,
  sqliteUnsaid,
  databaseAsFiles,
  guestsLeftOut,
  diskStays,
  volumesStay,
  readByNobody,
  vmWithoutImage,
  neverFiresInYears,
  runsDoubledByDst,
  runsLostToDst,
  snapshotTooOld,
  staleAbovePromise,
  staleBelowGap,
  breakGlassUnproven,
  passphraseBehindItself,
  plaintextTransport,
  rootLogin,
  secretInOnePlace,
  secretUnused,
  unencryptedOffSite,
  unpinnedHostKey,
  unpinnedSecret,
  weakHostKey,
  waiverExpired,
  withoutEnd,
];

/** Every check. `catalogue.test.ts` compares this list with the folder, so none can be forgotten. */
export const catalogue: readonly Check[] = [...checks, waiverUnusedOf(checks)];
