/** A public key of SSH, whole and nobody's. @param of letters that tell it apart */
export function exampleKey(of: string): string {
  return `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${of.replaceAll("-", "/").padEnd(42, "x")}`;
}

/** As an old NAS has one: 3072 bits. */
export const exampleRsaKey = `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${"A".repeat(513)}=`;
