import type { Evaluated } from "../stacks/estate-of-stack";

/**
 * Gives the estate of a TypeScript file as plain data, once for each file.
 * @param file absolute path
 * @param withinMs how long its code may take
 */
export type Evaluate = (file: string, withinMs?: number) => Promise<Evaluated>;

export const evaluate: Evaluate;

/** Ends what nobody has asked for. */
export function stopEvaluations(): void;
