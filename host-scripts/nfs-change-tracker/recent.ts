const slotMs = 60_000;
const slots = 60;

/** How often something happened in the last hour, to the minute. */
export class Recent {
  private readonly counts = new Map<number, number>();

  add(nowMs = Date.now()): void {
    const slot = Math.floor(nowMs / slotMs);
    const count = this.counts.get(slot);
    this.counts.set(slot, (count ?? 0) + 1);
    if (count === undefined)
      for (const old of this.counts.keys()) if (Math.abs(slot - old) >= slots) this.counts.delete(old);
  }

  sum(nowMs = Date.now()): number {
    const slot = Math.floor(nowMs / slotMs);
    return [...this.counts].reduce((sum, [at, count]) => sum + (Math.abs(slot - at) < slots ? count : 0), 0);
  }
}
