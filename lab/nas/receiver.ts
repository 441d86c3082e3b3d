import { offsiteModule, offsiteSyncModule } from "../../plan/contracts/offsite-sync";

/** Who the hosts' key lets in at the NAS: nobody special, and no person. */
export const offsiteUser = "holdfast";

/** All that it opens there. */
export const offsiteTree = "/volume1/Backup/Viki";

/** Settings of rsync's daemon, which that key starts. */
export const rsyncdConf = `use chroot = no
[${offsiteModule}]
path = ${offsiteTree}
read only = no
fake super = yes
munge symlinks = yes
[${offsiteSyncModule}]
path = ${offsiteTree}
read only = yes
pre-xfer exec = sync -f "$RSYNC_MODULE_PATH"
`;
