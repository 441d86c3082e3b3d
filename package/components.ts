// What `import … from "holdfast/components"` gives: what an estate is made of, for programs that put it together themselves.
export { AlertRoutes, AlertRules } from "../components/alert-rules";
export { ClusterAccess } from "../components/cluster-access";
export { ClusterDump } from "../components/cluster-dump";
export { Dashboards } from "../components/dashboards";
export { HostJob } from "../components/host-job";
export { HostRelease } from "../components/host-release";
export { NasRetention } from "../components/nas-retention";
export { Report } from "../components/report";
