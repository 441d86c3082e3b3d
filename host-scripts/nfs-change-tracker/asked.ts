import { type FSWatcher, mkdirSync, statSync, watch } from "node:fs";
import { askedFile } from "../runtime/journal-watched";

interface Heard {
  /** Its number and its birth: a folder that is made once another one is removed may get the number of that. */
  readonly folder: string;
  readonly watcher: FSWatcher;
}

/** Hears when a reader of one of the journals asks for the next proof. Where that can't be heard, it comes each minute all the same. */
export class Asked {
  private readonly heard = new Map<string, Heard>();
  private isAsked = false;
  private onAsked: () => void = () => undefined;

  constructor(private readonly journals: readonly string[]) {
    this.hear();
  }

  /** Resolves once somebody has asked since the last `answer`. */
  next(): Promise<void> {
    return this.isAsked ? Promise.resolve() : new Promise(resolve => (this.onAsked = resolve));
  }

  /** Whoever has asked gets what begins now. */
  answer(): void {
    this.isAsked = false;
    this.hear();
  }

  close(): void {
    for (const { watcher } of this.heard.values()) watcher.close();
  }

  /** A folder that was put back by another one is heard by that: of the former, nothing comes any more. */
  private hear(): void {
    for (const journal of this.journals) {
      mkdirSync(journal, { recursive: true, mode: 0o700 });
      const { ino, birthtimeNs } = statSync(journal, { bigint: true });
      const folder = `${ino} ${birthtimeNs}`;
      const before = this.heard.get(journal);
      if (before?.folder === folder) continue;
      before?.watcher.close();
      const watcher = watch(journal, (_, name) => {
        if (name !== askedFile) return;
        this.isAsked = true;
        this.onAsked();
      });
      this.heard.set(journal, { folder, watcher: watcher.on("error", () => watcher.close()) });
    }
  }
}
