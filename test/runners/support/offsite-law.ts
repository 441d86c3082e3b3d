import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { OffsiteWorld } from "./offsite-world";

/** What a destination is after a good run, whatever happened before it. */
export interface OffsiteLaw {
  /** Fails where something is another one there, was there earlier and isn't any more, or where metrics say otherwise. */
  holds(): void;
  /** What lies at a path below the module is meant to be gone. */
  forget(path: string): void;
}

/** @param legs those that the world has, by their folders in it, with their places below the module */
export function offsiteLaw(world: OffsiteWorld, legs: Readonly<Record<string, string>>): OffsiteLaw {
  const ever = new Set<string>();
  const far = (name: string): string => world.far.outside(join(world.far.tree, name));
  return {
    forget(path) {
      for (const name of ever) if (name.startsWith(path)) ever.delete(name);
    },
    holds() {
      const others: string[] = [];
      for (const [leg, to] of Object.entries(legs)) {
        const here = world.outside(join(world.folder, leg));
        for (const name of filesIn(here)) {
          ever.add(join(to, name));
          if (!isSame(join(here, name), far(join(to, name)))) others.push(join(leg, name));
        }
      }
      expect({ others, gone: [...ever].filter(name => !existsSync(far(name))) }).toEqual({
        others: [],
        gone: [],
      });
      const told = Object.keys(legs).flatMap(leg => [
        [`leg_last_status{leg="${leg}"}`, 0],
        [`leg_debt_files{leg="${leg}"}`, 0],
      ]);
      expect(world.metrics()).toMatchObject({ last_status: 0, ...Object.fromEntries(told) });
    },
  };
}

/** What is sent of a leg's folder: no file of the runners' own, and none that the world leaves out. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    name => !/^(\.holdfast|lost\+found|scratch)/.test(name) && statSync(join(folder, name)).isFile(),
  );
}

function isSame(one: string, other: string): boolean {
  return existsSync(other) && readFileSync(one).equals(readFileSync(other));
}
