/**
 * Generations that lack something lie apart, as `.incomplete/<period>/<path>` with a list beside them: none of them takes
 * the place of a complete one, or counts when those are pruned. They may be the newest, and the only ones, that there are.
 */
export const incompleteFolder = ".incomplete";
/** What the list of what one lacks is called, behind the generation's own name. */
export const lacksEnding = ".lacks.json";
