import type { Path } from "../plan/estate/lookup";
import type { Estate } from "../plan/estate/schema";
import type { Flow, Job } from "../plan/job";

/** Where the estate says from where to where a flow goes. */
export interface Said {
  readonly source: Path;
  readonly target: Path;
}

/** Where the estate says the ends of a job's flow; nothing where they follow from something else. */
export function saidOf(job: Job, { said }: Flow): Said | undefined {
  return said && { source: [...job.said, ...said.source], target: [...job.said, ...said.target] };
}

/** What a place of an estate is called there: "from" of `layers["offsite-sync"][0].legs[1].from`. */
export function fieldOf(path: Path): string {
  return String(path.at(-1));
}

/** What an estate has at a place. */
export function read(estate: Estate, path: Path): unknown {
  return path.reduce((part: unknown, key) => Reflect.get(Object(part), key), estate);
}

/** Writes at a place of an estate whose parent is there; `undefined` leaves it out. */
export function write(estate: Estate, path: Path, value: unknown): void {
  Reflect.set(Object(read(estate, path.slice(0, -1))), path.at(-1) ?? "", value);
}

/** The estate with another duration in a job's field, in ms; none where the estate says nothing there. */
export function withDuration(estate: Estate, job: Job, field: "budget" | "usualRun", ms: number): Estate[] {
  const place = [...job.said, field];
  if (typeof read(estate, place) !== "string") return [];
  const changed = structuredClone(estate);
  write(changed, place, `${Math.ceil(ms / 1000)}s`);
  return [changed];
}
