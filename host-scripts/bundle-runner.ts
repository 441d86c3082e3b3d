import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { build, type Plugin } from "esbuild";

/** Folders with runners: those that land on hosts, and those that run in a cluster's pods. */
export type RunnerFolder = "host-scripts" | "cluster-scripts";

/** A runner as one file that Node 18.19 and later run without an install step. */
export interface RunnerBundle {
  readonly text: string;
  /** Of `text`, as hexadecimal. */
  readonly sha256: string;
}

/**
 * Bundles the runner of a job. The same sources give the same bytes, wherever the project lies.
 * @param job name of the runner, e.g. "nfs-mirror"; its entry is `<folder>/<job>.ts`
 * @param root the project's root folder; by default the working directory, which it is in a Pulumi program
 */
export async function bundleRunner(
  job: string,
  root = process.cwd(),
  folder: RunnerFolder = "host-scripts",
): Promise<RunnerBundle> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [`${folder}/${job}.ts`],
    bundle: true,
    write: false,
    platform: "node",
    target: "node18",
    format: "cjs",
    // Names stay, so a stack trace in a host's journal can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: false,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    banner: { js: interpreted },
    plugins: [zodInParts, englishOnly],
  });
  const text = result.outputFiles[0]?.text ?? "";
  return { text, sha256: createHash("sha256").update(text).digest("hex") };
}

/** zod compiles a parser for each schema of an object: a run that reads a few objects takes longer to start by it than it saves. */
const interpreted = "globalThis.__zod_globalConfig={jitless:true};";

/** The object `z` holds all of zod; of a namespace, the bundle gets only what is used, and a run starts sooner. */
const zodInParts: Plugin = {
  name: "zod-in-parts",
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/](host-scripts|cluster-scripts|plan)[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace('import { z } from "zod"', 'import * as z from "zod"'),
      loader: "ts",
    }));
  },
};

/** zod carries its messages in some fifty languages; a runner speaks one. */
const englishOnly: Plugin = {
  name: "english-only",
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/][^\\/]+\.js$/ }, ({ path }) =>
      /[\\/](en|index)\.js$/.test(path)
        ? undefined
        : { contents: "export default () => ({ localeError: undefined });" },
    );
  },
};
