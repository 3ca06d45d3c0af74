export { type Backend, type BackendOptions, type ChainFactory } from "./backend.js";
export {
  SimulatedChain,
  type BlockId,
  type BranchChange,
  type ChainOptions,
  type HistoryMode,
  type ReorgOptions,
} from "./chain.js";
export { hardFork, type HardForkOptions } from "./hardFork.js";
export { HISTORY_ADDRESS, HISTORY_CODE, HISTORY_WINDOW, SYSTEM_ADDRESS } from "./history.js";
export { heal, partition, type PartitionOptions } from "./partition.js";
export { type RpcBlock, type RpcTransaction, type SentTransaction } from "./transactions.js";
