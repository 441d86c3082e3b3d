/**
 * What LVM records of a snapshot, in bytes, beside the host's name, where names are as long as a claim's volume has one: "vm-9999-pvc-"
 * and a UUID. Measured with LVM 2.03.16, by what `vgs -o vg_mda_free` loses.
 */
export const snapshotRecordBytes = 470;

/** How much of the place for LVM's records is to be free when there are most snapshots: for volumes that the estate doesn't name. */
export const leastRecordsFreePercent = 5;
