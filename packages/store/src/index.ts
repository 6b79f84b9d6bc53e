export { BoundedStore, type BoundedStoreNames, StoreFailure, unlessFailed } from "./bounded-store.ts";
export { MemoryStore } from "./memory-store.ts";
export { checkStore, type Files } from "./open-store.ts";
export { SharedStores, type Taken } from "./shared-stores.ts";
export { store, storeKinds, type StoreSettings } from "./settings.ts";
export type { Purpose, Store } from "./store.ts";
