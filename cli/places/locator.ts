/** Finds where a file says what stands at a path of its estate, or what that lies in; nothing where it can't be known. */
export type Locator = (path: readonly PropertyKey[]) => Found | undefined;
export interface Found {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
