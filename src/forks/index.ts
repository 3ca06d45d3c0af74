export { type Backend, type BackendOptions, type ChainFactory } from "./backend.js";
export { type BlockId } from "./blocks.js";
export { type BranchChange } from "./branch.js";
export { SimulatedChain, type ReorgOptions } from "./chain.js";
export { hardFork, type HardForkOptions } from "./hardFork.js";
export { HISTORY_ADDRESS, HISTORY_CODE, HISTORY_WINDOW, SYSTEM_ADDRESS, type HistoryMode } from "./history.js";
export { type ChainOptions } from "./node.js";
export { heal, partition, type PartitionOptions } from "./partition.js";
export { type RpcBlock, type RpcTransaction, type SentTransaction } from "./transactions.js";
