import { exampleEstate } from "../../plan/estate/example";
import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { layerGiving } from "../../plan/layers";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallsShort } from "../protection";
import { listed } from "../wording";

export const trackerWatchesLess = defineCheck({
  code: "routes/tracker-watches-less",
  severity: "error",
  title: "The change tracker and the off-site legs don't speak of the same folders",
  why: "An off-site run works off a list of changed paths. Where nobody notes them, each run compares all of the folder at both ends, and until it has, nobody knows what is owed: a warning. A program of one's own that has just the list sends none of that for weeks, and every run succeeds.",
  run: plan => plan.jobs.filter(job => job.journal?.kind === "reads").flatMap(job => findings(job, plan)),
  examples: {
    bad: [
      mended(
        example("a leg outside of what is watched", ({ layers }) =>
          edit(layers["nfs-change-tracker"][0], { watches: ["/srv/nfs/photos/albums"] }),
        ),
        {
          says: 'Add "/srv/nfs/photos" to watches of nfs-change-tracker, in the place of "/srv/nfs/photos/albums"',
          edit: ({ layers }) => edit(layers["nfs-change-tracker"][0], { watches: ["/srv/nfs/photos"] }),
        },
      ),
      mended(
        example("no tracker for a leg that starts at live data", ({ layers }) => {
          layers["nfs-change-tracker"] = [];
        }),
        {
          says: 'Add an nfs-change-tracker with "/srv/nfs/photos" in its watches',
          edit: ({ layers }) =>
            layers["nfs-change-tracker"].push(
              ...exampleEstate().layers["nfs-change-tracker"].map(tracker => ({
                ...tracker,
                watches: ["/srv/nfs/photos"],
              })),
            ),
        },
      ),
      mended(
        example("a watch on a folder that no leg reads", ({ layers }) =>
          edit(layers["nfs-change-tracker"][0], { watches: ["/srv/nfs", "/srv/nfs-ssd"] }),
        ),
        {
          says: 'Remove "/srv/nfs-ssd" from its watches',
          edit: ({ layers }) => layers["nfs-change-tracker"][0]?.watches.pop(),
        },
      ),
    ],
    good: [
      example("one watch above the leg's folder"),
      example("a watch on just the leg's folder", ({ layers }) =>
        edit(layers["nfs-change-tracker"][0], { watches: ["/srv/nfs/photos"] }),
      ),
    ],
  },
});

function findings(job: Job, plan: Plan): Found[] {
  const trackers = plan.jobs.filter(other => other.host === job.host && other.journal?.kind === "watches");
  const watches = trackers.flatMap(({ journal }) =>
    journal?.kind === "watches" ? journal.folders.map(({ path }) => path) : [],
  );
  const legs = trackedLegs(job, plan);
  // What one destination has no leg for may be another's.
  const readers = plan.jobs.filter(other => other.host === job.host && other.journal?.kind === "reads");
  const all = readers.flatMap(reader => trackedLegs(reader, plan));
  const unwatched = legs.filter(leg => !watches.some(watch => isBelow(leg, watch)));
  const mirrored = plan.jobs.flatMap(({ host, journal }) =>
    host === job.host && journal?.kind === "writes" && journal.reads ? [journal.reads] : [],
  );
  const idle = watches.filter(
    watch =>
      !mirrored.includes(watch) &&
      job === readers[0] &&
      !all.some(leg => isBelow(leg, watch) || isBelow(watch, leg)) &&
      !lacksLeg(watch, job, plan),
  );
  const tracker = trackers[0]?.called ?? layerGiving("notes of what changes");
  const watching = watches.length === 0 ? "no tracker runs on this host" : `it watches ${listed(watches)}`;
  const isOthers = job.deployment.kind === "planned";
  const follows = isOthers
    ? "changes elsewhere aren't sent"
    : "each run compares all of it at both ends, and what it owes until then isn't known";
  return [
    ...unwatched.map(leg => ({
      subject: job.called,
      message: `${job.called} is to send what changed in "${leg}" by what ${tracker} notes, but ${watching}: ${follows}.`,
      fix:
        trackers.length > 0
          ? `Add "${leg}" to watches of ${tracker}${inPlaceOf(leg, watches)}.`
          : `Add an ${tracker} with "${leg}" in its watches to host ${job.host}.`,
      evidence: { leg, watches, host: job.host },
      // It costs a night's time, and no byte: on a kernel without fanotify it is the only way.
      ...(isOthers ? {} : { severity: "warning" as const }),
    })),
    ...idle.map(watch => ({
      subject: tracker,
      message: `${tracker} watches "${watch}", but no leg of ${job.called} starts there: the notes are of no use, or a leg is missing.`,
      fix: `Remove "${watch}" from its watches, or add a leg from it to ${job.called}.`,
      evidence: { watch, legs: all, host: job.host },
    })),
  ];
}

/** Watches that a wider one makes superfluous: a folder is watched once. */
function inPlaceOf(leg: string, watches: readonly string[]): string {
  const narrower = watches.filter(watch => isBelow(watch, leg)).map(watch => `"${watch}"`);
  return narrower.length === 0 ? "" : `, in the place of ${listed(narrower)}`;
}

/** Whether a dataset in a watched folder has no proper route: then a leg is missing, and other checks say which. */
function lacksLeg(watch: string, job: Job, plan: Plan): boolean {
  return [...fallsShort(plan)].some(
    ({ location }) => sameMachine(location.machine, job.runsOn) && isBelow(location.path, watch),
  );
}

/** Sources of legs that start at live data. Jobs tell of what they wrote to a backup disk themselves. */
function trackedLegs(job: Job, plan: Plan): string[] {
  const written = plan.jobs
    .filter(other => other.journal?.kind === "writes")
    .flatMap(other => other.flows.map(flow => flow.target));
  return job.flows.flatMap(({ source }) => {
    if (source.kind !== "tree") return [];
    const { location } = source;
    const isWritten = written.some(
      target =>
        sameMachine(target.machine, location.machine) &&
        (isBelow(location.path, target.path) || isBelow(target.path, location.path)),
    );
    return isWritten ? [] : [location.path];
  });
}
