import { type Stats as LocalStats, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { posix } from "node:path";
import { promisify } from "node:util";
import type { Client, SFTPWrapper, Stats } from "ssh2";

/** What to copy: a file or directory of this machine, or a text. */
export type Source = { readonly path: string } | { readonly text: string };

/**
 * Copies to a host. Where it lands depends on what is there:
 *
 *     source | dest is a directory  | dest does not exist | dest is a file
 *     dir    | dest/dir             | dest/dir            | error
 *     dir/   | dest/x for x in dir  | dest/x              | error
 *     file   | dest/file            | dest                | dest, overwritten
 *     text   | error                | dest                | dest, overwritten
 *
 * Parent directories are made. Modes are not copied: files get what the server's umask leaves.
 */
export async function upload(client: Client, source: Source, remotePath: string): Promise<void> {
  const sftp = await promisify<SFTPWrapper>(client.sftp.bind(client))();
  try {
    if ("text" in source) await copyText(sftp, source.text, remotePath);
    else await copyPath(sftp, source.path, remotePath);
  } finally {
    sftp.end();
  }
}

async function copyText(sftp: SFTPWrapper, text: string, dest: string): Promise<void> {
  if ((await remoteStat(sftp, dest))?.isDirectory())
    throw new Error(
      `remote path ${dest} is a directory; when using a text asset, remotePath must be a file path`,
    );
  await makeDirectories(sftp, posix.dirname(dest));
  await promisify<void>(done => sftp.writeFile(dest, text, error => done(error ?? null)))().catch(
    because(`failed to write remote file ${dest}`),
  );
}

async function copyPath(sftp: SFTPWrapper, path: string, dest: string): Promise<void> {
  const source = resolve(path);
  const target = await remoteStat(sftp, dest);
  if (!localStat(source).isDirectory()) {
    if (!target) await makeDirectories(sftp, posix.dirname(dest));
    return copyFile(sftp, source, target?.isDirectory() ? posix.join(dest, basename(source)) : dest);
  }
  if (target && !target.isDirectory()) throw new Error(`remote path ${dest} exists but is not a directory`);
  await copyDirectory(sftp, source, path.endsWith("/") ? dest : posix.join(dest, basename(source)));
}

async function copyDirectory(sftp: SFTPWrapper, source: string, dest: string): Promise<void> {
  await makeDirectories(sftp, dest);
  const entries = readdirSync(source, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const from = join(source, entry.name);
    const to = posix.join(dest, entry.name);
    if (entry.isDirectory()) await copyDirectory(sftp, from, to);
    else await copyFile(sftp, from, to);
  }
}

async function copyFile(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
  await promisify<void>(done => sftp.fastPut(from, to, error => done(error ?? null)))().catch(
    because(`failed to copy file ${from} to remote path ${to}`),
  );
}

async function makeDirectories(sftp: SFTPWrapper, path: string): Promise<void> {
  const found = await remoteStat(sftp, path);
  if (found?.isDirectory()) return;
  if (found) throw new Error(`remote path ${path} exists but is not a directory`);
  await makeDirectories(sftp, posix.dirname(path));
  try {
    await promisify<void>(done => sftp.mkdir(path, error => done(error ?? null)))();
  } catch (cause) {
    // Another copy of the same deployment may have made it in between.
    if ((await remoteStat(sftp, path))?.isDirectory()) return;
    throw new Error(`failed to create remote directory ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Undefined when nothing is there. */
async function remoteStat(sftp: SFTPWrapper, path: string): Promise<Stats | undefined> {
  const noSuchFile = 2;
  return new Promise((resolve, reject) => {
    sftp.stat(path, (error, stats) => {
      if (!error) resolve(stats);
      else if ((error as Error & { code?: unknown }).code === noSuchFile) resolve(undefined);
      else reject(new Error(`failed to stat remote path ${path}: ${error.message}`));
    });
  });
}

function localStat(path: string): LocalStats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new Error(`the source "${path}" can't be read: ${(cause as Error).message}`, { cause });
  }
}

function because(what: string) {
  return (cause: Error): never => {
    throw new Error(`${what}: ${cause.message}`, { cause });
  };
}
