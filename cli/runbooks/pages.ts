import { createHash } from "node:crypto";
import { version } from "../../package.json";
import type { Plan } from "../../plan";
import { domain } from "../../plan/estate/services";
import { disasterPage } from "./disaster-page";
import { jobPage } from "./job-page";
import { overviewPage } from "./overview-page";
import { picturesPage } from "./pictures-page";
import { servicePage } from "./service-page";

/** A page of an estate's runbooks. */
export interface RunbookPage {
  /** Below their folder, e.g. "disasters/site.md". */
  readonly path: string;
  readonly text: string;
}

/** By its first line, a page is known as one that was written here. */
export const mark = "<!-- holdfast runbooks";

/**
 * All pages of an estate: what happened, what each disaster takes and what brings it back, each service with all of its copies,
 * and each job with all that it brings back. The same estate gives the same pages, to the byte: no page tells the time.
 */
export function runbookPages(plan: Plan): RunbookPage[] {
  const makers = plan.jobs.filter(job => plan.copies.some(copy => copy.job === job));
  const head = `${mark} of plan ${planHash(plan)}, Holdfast ${version}. Written by "holdfast runbooks"; an edit is lost. -->`;
  const pages: RunbookPage[] = [
    { path: "README.md", text: overviewPage(plan, makers) },
    { path: "pictures.md", text: picturesPage(plan) },
    ...domain.options.map(each => ({ path: `disasters/${each}.md`, text: disasterPage(plan, each) })),
    ...Object.keys(plan.estate.services).map(service => ({
      path: `services/${service}.md`,
      text: servicePage(plan, service),
    })),
    ...makers.map(job => ({ path: `from/${job.called}.md`, text: jobPage(plan, job) })),
  ];
  return pages.map(({ path, text }) => ({ path, text: `${head}\n\n${text}\n` }));
}

/** Of the whole estate: pages of one plan have one. */
function planHash({ estate }: Plan): string {
  return createHash("sha256").update(JSON.stringify(estate)).digest("hex").slice(0, 12);
}
