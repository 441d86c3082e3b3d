import fc from "fast-check";

/**
 * What tests choose at random follows from it: a run on a change says about that change alone.
 * `HOLDFAST_SEED=$(date +%s) npm run check` tries other choices.
 */
export const seed = Number(process.env["HOLDFAST_SEED"] ?? 2026);

fc.configureGlobal({ seed });
