export { type CopySize, sizesOf } from "./copy-size";
export { capacityDelta, daysToFull, type StoreDelta } from "./delta";
export { type Store, storesOf } from "./stores";
