import { createHash } from "node:crypto";
import { version } from "../../package.json";
import type { Plan } from "../../plan";
import { domain } from "../../plan/estate/services";
import { disasterPage } from "./disaster-page";
import { jobPage } from "./job-page";
import { overviewPage } from "./overview-page";
import type { PageOf } from "./page-of";
import { picturesPage } from "./pictures-page";
import { servicePage } from "./service-page";

/** A page of an estate's runbooks. */
export interface RunbookPage {
  /** Below their folder, e.g. "disasters/site.md". */
  readonly path: string;
  readonly text: string;
}

/** How a page of an estate begins that was written here: by that it is known, and replaced or removed by a later call. */
export function markOf(path: string, estate: string): string {
  return `<!-- holdfast runbooks: ${path} of ${estate}, `;
}

/**
 * All pages of an estate: what happened, what each disaster takes and what brings it back, each service with all of its copies,
 * and each job with all that it brings back. The same estate gives the same pages, to the byte: no page tells the time.
 */
export function runbookPages(of: PageOf): RunbookPage[] {
  const { plan } = of;
  const makers = plan.jobs.filter(job => plan.copies.some(copy => copy.job === job));
  const pages: RunbookPage[] = [
    { path: "README.md", text: overviewPage(of, makers) },
    { path: "pictures.md", text: picturesPage(plan) },
    ...domain.options.map(each => ({ path: `disasters/${each}.md`, text: disasterPage(of, each) })),
    ...Object.keys(plan.estate.services).map(service => ({
      path: `services/${service}.md`,
      text: servicePage(of, service),
    })),
    ...makers.map(job => ({ path: `from/${job.called}.md`, text: jobPage(plan, job) })),
  ];
  const made = `plan ${planHash(plan)}, Holdfast ${version}. An edit is lost. -->`;
  return pages.map(({ path, text }) => ({
    path,
    text: `${markOf(path, plan.estate.name)}${made}\n\n${text}\n`,
  }));
}

/** Of the whole estate: pages of one plan have one. */
function planHash({ estate }: Plan): string {
  return createHash("sha256").update(JSON.stringify(estate)).digest("hex").slice(0, 12);
}
