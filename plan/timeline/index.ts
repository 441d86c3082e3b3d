export { disksOf } from "./disks";
export { type PlannedRun, timelineOf } from "./runs";
