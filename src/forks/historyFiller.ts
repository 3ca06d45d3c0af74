import { sameHex, toQuantity, type Hex } from "../core/bytes.js";
import type { Ask } from "./backend.js";
import type { Blocks } from "./blocks.js";
import type { Pool } from "./pool.js";
import { offerOf } from "./transactions.js";
import {
  HISTORY_ADDRESS,
  HISTORY_CODE,
  HISTORY_WINDOW,
  SYSTEM_ADDRESS,
  SYSTEM_GAS,
  historySlot,
  systemTransaction,
  type HistoryMode,
} from "./history.js";

/** Stands in for EIP-2935's system call, which the backend does not make. */
export class HistoryFiller {
  readonly mode: HistoryMode;
  /** Up to which block the contract holds every hash. */
  filledTo: number;
  /** How much state was written from outside so far, which is what the backend's snapshots have to copy. About a kilobyte each. */
  written = 0;

  /** Hashes of the transactions that stand for the system call. */
  readonly sent = new Set<unknown>();

  readonly #ask: Ask;
  readonly #blocks: Blocks;
  readonly #pool: Pool;

  constructor(mode: HistoryMode, ask: Ask, blocks: Blocks, pool: Pool) {
    this.mode = mode;
    this.#ask = ask;
    this.#blocks = blocks;
    this.#pool = pool;
    this.filledTo = blocks.head.historyTo;
  }

  /** Puts the contract in its place on a chain that has just been created. */
  async install(forked: boolean): Promise<void> {
    if (!sameHex(String(await this.#ask("eth_getCode", HISTORY_ADDRESS, "latest")), HISTORY_CODE))
      await this.#ask("hardhat_setCode", HISTORY_ADDRESS, HISTORY_CODE);
    if (forked) await this.#fillForeign();
    if (this.mode === "transaction") {
      await this.#ask("hardhat_impersonateAccount", SYSTEM_ADDRESS);
      await this.#ask("hardhat_setBalance", SYSTEM_ADDRESS, toQuantity(2n ** 128n));
      // A transaction of the test may want all the gas that a block has.
      const { gasLimit } = (await this.#ask("eth_getBlockByNumber", "latest", false)) as { gasLimit: Hex };
      await this.#ask("evm_setBlockGasLimit", toQuantity(Number(gasLimit) + SYSTEM_GAS));
    }
  }

  /** Makes the contract hold every hash up to `upTo`, by default the head's. */
  async fill(upTo = this.#blocks.head.number): Promise<void> {
    if (this.filledTo >= upTo) return;
    if (this.mode === "transaction") {
      const rivals = (await this.#pool.waiting()).map(offerOf);
      this.sent.add(await this.#ask("eth_sendTransaction", systemTransaction(this.#blocks.head.hash, rivals)));
    } else {
      const from = Math.max(this.filledTo + 1, upTo - HISTORY_WINDOW + 1);
      // The slots are all different, so that the order in which the backend gets to them does not matter.
      const numbers = Array.from({ length: upTo - from + 1 }, (_, i) => from + i);
      await Promise.all(numbers.map((number) => this.#write(number)));
      // A block's state costs about as much as sixteen slots in it.
      this.written += Math.ceil(numbers.length / 16);
    }
    this.filledTo = upTo;
  }

  /** A fork of a chain whose history contract does not work gets as many hashes as BLOCKHASH would know. */
  async #fillForeign(): Promise<void> {
    const head = this.#blocks.head.number;
    for (let number = head - 1; number >= Math.max(0, head - 256); number--) {
      const stored = String(await this.#ask("eth_getStorageAt", HISTORY_ADDRESS, historySlot(number), "latest"));
      // The newest is right only where all are.
      if (sameHex(stored, await this.#blocks.hashOf(number))) return;
      await this.#write(number);
    }
  }

  async #write(number: number): Promise<void> {
    await this.#ask("hardhat_setStorageAt", HISTORY_ADDRESS, historySlot(number), await this.#blocks.hashOf(number));
  }
}
