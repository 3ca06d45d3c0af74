import { sameHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import type { Ask } from "./backend.js";
import { BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE, beaconSlots } from "./beaconRoots.js";
import { readHeader, type Blocks, type MinedHeader } from "./blocks.js";
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

/** What was written for the system calls of a state, and is in the backend's snapshots of that state. */
export interface SystemCallMark {
  /** Up to which block the history contract holds every hash. */
  readonly filledTo: number;
  /** How much state was written from outside, about a kilobyte each. The backend's snapshots copy all of it. */
  readonly written: number;
  /** The beacon root of a block that is not mined yet. */
  readonly announced: Announcement | undefined;
}

/** A block's time and beacon root in EIP-4788's ring, while the block may still get another time. */
interface Announcement {
  readonly parent: Hex;
  readonly time: number;
}

/** Stands in for the system calls of EIP-2935 and EIP-4788, which most backends do not make. */
export class SystemCalls {
  /** `"native"`: the backend makes that of EIP-2935, and nothing is written. */
  readonly mode: HistoryMode | "native";
  /** How many transactions of each block stand for system calls. */
  perBlock = 0;

  /** Hashes of the transactions that stand for the system calls. */
  readonly sent = new Set<unknown>();

  readonly #ask: Ask;
  readonly #blocks: Blocks;
  readonly #pool: Pool;
  #mark: SystemCallMark;

  constructor(mode: HistoryMode | "native", ask: Ask, blocks: Blocks, pool: Pool) {
    this.mode = mode;
    this.#ask = ask;
    this.#blocks = blocks;
    this.#pool = pool;
    this.#mark = { filledTo: blocks.head.historyTo, written: 0, announced: undefined };
  }

  get mark(): SystemCallMark {
    return this.#mark;
  }

  /** The backend is in another state, for which this was written. */
  resume(mark: SystemCallMark): void {
    this.#mark = mark;
  }

  /** A block that was mined elsewhere carries the system transactions up to this one's. */
  carriedTo(filledTo: number): void {
    this.#mark = { ...this.#mark, filledTo };
  }

  /** Puts the contracts in their places on a chain that has just been created. */
  async install(forked: boolean): Promise<void> {
    if (this.mode === "native") return;
    await this.#place(HISTORY_ADDRESS, HISTORY_CODE);
    const { beaconRoot } = await readHeader(this.#ask, "pending");
    // Before Cancun a block has no beacon root.
    if (beaconRoot !== undefined) await this.#place(BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE);
    if (forked) await this.#fillForeign();
    if (this.mode === "storage") return;
    this.perBlock = beaconRoot === undefined ? 1 : 2;
    await this.#ask("hardhat_impersonateAccount", SYSTEM_ADDRESS);
    this.#pool.impersonated.add(SYSTEM_ADDRESS);
    await this.#ask("hardhat_setBalance", SYSTEM_ADDRESS, toQuantity(2n ** 128n));
    // A transaction of the test may want all the gas that a block has.
    const { gasLimit } = (await this.#ask("eth_getBlockByNumber", "latest", false)) as { gasLimit: Hex };
    await this.#ask("evm_setBlockGasLimit", toQuantity(Number(gasLimit) + this.gas));
  }

  /** Gas that each block has for them, besides what it has for the test. */
  get gas(): number {
    return this.perBlock * SYSTEM_GAS;
  }

  /**
   * Makes the contracts hold what they hold when the block after `upTo` begins: by default the next one.
   *
   * @param time of the next block, in seconds since the epoch. Default: that which the backend has been told. Storage mode alone depends on it
   */
  async fill(upTo = this.#blocks.head.number, time?: number): Promise<void> {
    if (this.mode === "storage") {
      await this.#store(upTo);
      if (upTo === this.#blocks.head.number) await this.#announce(time);
      return;
    }
    if (this.#mark.filledTo >= upTo) return;
    if (this.mode === "transaction") await this.#send();
    this.carriedTo(upTo);
  }

  async #send(): Promise<void> {
    const { beaconRoot } = await readHeader(this.#ask, "pending");
    const rivals = (await this.#pool.waiting()).map(offerOf);
    const send = async (to: Hex, word: Hex) =>
      this.sent.add(await this.#ask("eth_sendTransaction", systemTransaction(to, word, rivals)));
    await send(HISTORY_ADDRESS, this.#blocks.head.hash);
    if (beaconRoot !== undefined) await send(BEACON_ROOTS_ADDRESS, beaconRoot);
  }

  async #store(upTo: number): Promise<void> {
    const { filledTo, written } = this.#mark;
    if (filledTo >= upTo) return;
    const from = Math.max(filledTo + 1, upTo - HISTORY_WINDOW + 1);
    // The slots are all different, so that the order in which the backend gets to them does not matter.
    const numbers = Array.from({ length: upTo - from + 1 }, (_, i) => from + i);
    await Promise.all(numbers.map((number) => this.#write(number)));
    for (const number of numbers) {
      const mined = this.#blocks.at(number + 1);
      if (mined !== undefined) await this.#enter(mined);
    }
    // A block's state costs about as much as sixteen slots in it.
    this.#mark = { ...this.#mark, filledTo: upTo, written: written + Math.ceil((3 * numbers.length) / 16) };
  }

  /** Enters the next block's beacon root, and takes out the one that was entered for another time of that block. */
  async #announce(announcedTime: number | undefined): Promise<void> {
    const parent = this.#blocks.head.hash;
    const next = await readHeader(this.#ask, "pending");
    if (next.beaconRoot === undefined) return;
    const time = announcedTime ?? next.timestamp;
    const { announced } = this.#mark;
    if (announced?.parent === parent) {
      if (announced.time === time) return;
      await this.#retract(announced.time);
    }
    await this.#enter({ ...next, timestamp: time });
    this.#mark = { ...this.#mark, announced: { parent, time } };
  }

  /** Puts back what the ring held where a time was announced. That is an earlier block's entry, or what was there before the chain. */
  async #retract(time: number): Promise<void> {
    const { records, first } = this.#blocks;
    const slots = beaconSlots(time);
    // The genesis had no system call.
    const earlier = records.findLast((it) => it.number > 0 && beaconSlots(it.timestamp).time === slots.time);
    if (earlier !== undefined) return this.#enter(earlier);
    for (const slot of Object.values(slots)) {
      const word =
        first.number === 0
          ? toWord(0n)
          : await this.#ask("eth_getStorageAt", BEACON_ROOTS_ADDRESS, slot, toQuantity(first.number - 1));
      await this.#ask("hardhat_setStorageAt", BEACON_ROOTS_ADDRESS, slot, word);
    }
  }

  async #place(address: Hex, code: Hex): Promise<void> {
    if (!sameHex(String(await this.#ask("eth_getCode", address, "latest")), code))
      await this.#ask("hardhat_setCode", address, code);
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

  async #enter({ timestamp, beaconRoot }: MinedHeader): Promise<void> {
    if (beaconRoot === undefined) return;
    const slots = beaconSlots(timestamp);
    await this.#ask("hardhat_setStorageAt", BEACON_ROOTS_ADDRESS, slots.time, toWord(BigInt(timestamp)));
    await this.#ask("hardhat_setStorageAt", BEACON_ROOTS_ADDRESS, slots.root, beaconRoot);
  }
}
