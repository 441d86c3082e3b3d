export { disksOf } from "./disks";
export { oftenOf } from "./often";
export { type PlannedRun, timelineOf } from "./runs";
