import { join } from "node:path";
import { debianPackages } from "../../../lab/debian";

export const rsyncPackages = [
  "rsync",
  "libpopt0",
  "libxxhash0",
  "liblz4-1",
  "libzstd1",
  "libssl3",
  "acl",
  "attr",
];

/** Path of rsync itself. */
export async function rsyncProgram(): Promise<string> {
  return join(await debianPackages("rsync", rsyncPackages), "usr/bin/rsync");
}

/**
 * Environment in which rsync and the tools for ACLs and attributes are found.
 * @param bin folder of programs that take the place of others
 */
export async function rsyncTools(bin: string): Promise<{ PATH: string; LD_LIBRARY_PATH: string }> {
  const tools = await debianPackages("rsync", rsyncPackages);
  return {
    PATH: `${bin}:${tools}/usr/bin:${tools}/bin:${process.env["PATH"]}`,
    LD_LIBRARY_PATH: `${tools}/usr/lib/x86_64-linux-gnu:${tools}/lib/x86_64-linux-gnu`,
  };
}

/** The same for code that is called in this process. @returns what puts the environment back */
export async function useRsyncTools(bin: string): Promise<() => void> {
  return useEnvironment(await rsyncTools(bin));
}

/** Sets variables of this process. @returns what puts them back */
export function useEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map(name => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
}
