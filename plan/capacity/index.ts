export { type CopySize, sizesOf, type Unsaid } from "./copy-size";
export { capacityDelta, daysToFull, isUnsaid, type StoreDelta } from "./delta";
export { isSmall, poolUsableShare, type Store, storesOf } from "./stores";
export { volumeGroupsOf } from "./volume-groups";
