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

/** Writes a text at a place of an estate that is there. */
export function write(estate: Estate, path: Path, text: string): void {
  let part: unknown = estate;
  for (const key of path.slice(0, -1)) part = Reflect.get(Object(part), key);
  Reflect.set(Object(part), path.at(-1) ?? "", text);
}
