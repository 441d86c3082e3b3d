import { type FSWatcher, mkdirSync, watch } from "node:fs";
import { askedFile } from "../runtime/journal-watched";

/** Hears when a reader of one of the journals asks for the next proof. Where that can't be heard, it comes each minute all the same. */
export class Asked {
  private readonly watchers: readonly FSWatcher[];
  private isAsked = false;
  private onAsked: () => void = () => undefined;

  constructor(journals: readonly string[]) {
    this.watchers = journals.map(journal => {
      mkdirSync(journal, { recursive: true, mode: 0o700 });
      const watcher = watch(journal, (_, name) => {
        if (name !== askedFile) return;
        this.isAsked = true;
        this.onAsked();
      });
      return watcher.on("error", () => watcher.close());
    });
  }

  /** Resolves once somebody has asked since the last `answer`. */
  next(): Promise<void> {
    return this.isAsked ? Promise.resolve() : new Promise(resolve => (this.onAsked = resolve));
  }

  /** Whoever has asked gets what begins now. */
  answer(): void {
    this.isAsked = false;
  }

  close(): void {
    for (const watcher of this.watchers) watcher.close();
  }
}
