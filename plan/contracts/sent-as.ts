/**
 * What stands before the name of a copy that a destination has, as drills call it: a volume's databases have the name of its files, and a
 * service of the mirror may be called as they are.
 */
export function sentAs({ tier, kind }: { readonly tier: string; readonly kind: string }): string {
  return kind === "generations" || kind === "mirror" ? "" : `${tier}:`;
}
