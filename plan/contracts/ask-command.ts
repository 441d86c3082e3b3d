import { shellWord } from "./shell-word";

/** Name of the CronJob, which never starts by itself, whose jobs do what a person asks of a job's dumps. */
export function askedJob(job: string): string {
  return `${job}-ask`;
}

/** What a person types to have a CronJob make one more run: each has a name of its own, and none is longer than Kubernetes takes. */
export function againCommand(namespace: string, job: string): string {
  return `kubectl --namespace ${namespace} create job ${job}-$(date +%s) --from=cronjob/${job}`;
}

/**
 * What a person types to ask something of the dumps that a CronJob has made: a job of the same image, which says in its log what it does.
 * @param ask e.g. "restore shop"
 */
export function askCommand(namespace: string, job: string, ask: string): readonly string[] {
  const kubectl = `kubectl --namespace ${namespace}`;
  const name = `${askedJob(job)}-$(date +%s)`;
  return [
    "sh",
    "-ec",
    [
      `job=${name}`,
      `${kubectl} create job $job --from=cronjob/${askedJob(job)} --dry-run=client --output=json | kubectl set env --local --filename=- --output=json ${shellWord(`ASK=${ask}`)} | kubectl create --filename=-`,
      // Whether it has ended, or is gone. A server that doesn't answer is asked again: what ended well is no failure.
      `over() { now=$(${kubectl} get job/$job --ignore-not-found --output=jsonpath="{.metadata.name} {.status.conditions[*].type}") || return 1; case "$now" in "") echo "job/$job was deleted before it ended; nobody knows how far it came" >&2; exit 1;; *Complete*|*Failed*) ;; *) return 1;; esac; }`,
      // Until its image is there, a container has no log; where none can be had at all, how it ended is told all the same. It isn't given
      // up before: whoever types it again would have two restores at once.
      `until ${kubectl} logs --follow job/$job --container=runner 2>/dev/null || over; do ${kubectl} get pods --selector=job-name=$job --no-headers >&2 || :; sleep 5; done`,
      `until over; do sleep 2; done`,
      `case "$now" in *Failed*) echo "job/$job failed; where nothing above says why: ${kubectl} logs job/$job --all-containers; ${kubectl} describe job/$job" >&2; exit 1;; esac`,
      `echo "job/$job is complete"`,
    ].join("; "),
  ];
}
