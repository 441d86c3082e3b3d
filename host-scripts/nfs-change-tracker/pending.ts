/** What changed below a root: paths that changed or went, and subtrees in which anything may have. Byte by byte as latin1. */
export interface Named {
  readonly paths: readonly string[];
  readonly subtrees: readonly string[];
}

/**
 * What is to be handed over. It keeps a bounded number of names: of more, the folders of the paths are kept in their place, and
 * then the folders above the deepest of those, so that what is named never gets less.
 */
export class Pending {
  private paths = new Set<string>();
  private subtrees = new Set<string>();

  constructor(private readonly mostNames: number) {}

  get size(): number {
    return this.paths.size + this.subtrees.size;
  }

  addPath(path: string): void {
    if (this.isCovered(path)) return;
    this.paths.add(path);
    this.bound();
  }

  addSubtree(path: string): void {
    if (this.isCovered(path)) return;
    this.subtrees.add(path);
    this.bound();
  }

  /** All of it; nothing is left. */
  take(): Named {
    this.removeCovered();
    const named = { paths: [...this.paths], subtrees: [...this.subtrees] };
    this.paths = new Set();
    this.subtrees = new Set();
    return named;
  }

  private bound(): void {
    if (this.size <= this.mostNames) return;
    this.removeCovered();
    // To a half, so that the next names don't begin it anew.
    const most = this.mostNames / 2;
    if (this.size <= most) return;
    for (const path of this.paths) this.subtrees.add(folderOf(path));
    this.paths = new Set();
    for (let depth = deepest(this.subtrees); depth > 0 && this.subtrees.size > most; depth -= 1)
      this.subtrees = new Set(
        [...this.subtrees].map(path => (depthOf(path) === depth ? folderOf(path) : path)),
      );
    this.removeCovered();
  }

  private removeCovered(): void {
    if (this.subtrees.size === 0) return;
    for (const path of this.paths) if (this.isCovered(path)) this.paths.delete(path);
    for (const path of this.subtrees)
      if (path !== "." && this.isIn(folderOf(path))) this.subtrees.delete(path);
  }

  private isCovered(path: string): boolean {
    return this.subtrees.size > 0 && this.isIn(path);
  }

  /** Whether a path is one of the subtrees, or lies in one. */
  private isIn(path: string): boolean {
    for (let above = path; ; above = folderOf(above)) {
      if (this.subtrees.has(above)) return true;
      if (above === ".") return false;
    }
  }
}

/** The folder that a path lies in; "." for what lies in the root. */
function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash);
}

/** 0 of the root itself. */
function depthOf(path: string): number {
  return path === "." ? 0 : path.split("/").length;
}

function deepest(paths: ReadonlySet<string>): number {
  let depth = 0;
  for (const path of paths) depth = Math.max(depth, depthOf(path));
  return depth;
}
