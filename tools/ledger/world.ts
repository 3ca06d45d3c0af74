import { keccak256 as keccak256Of, type Wallet, type ContractTransactionResponse, type Signer } from "ethers";

import { prove } from "../../src/actions/prove.js";
import { latestStateAnchor } from "../../src/actions/latestAnchor.js";
import type { StateAnchor } from "../../src/anchor/anchor.js";
import { keccak256 } from "../../src/core/keccak.js";
import { toHex, toWord, type Hex } from "../../src/core/bytes.js";
import type { HardhatChain } from "../../src/hardhat/index.js";
import {
  commitmentTypedData,
  epochTypedData,
  hashCommitment,
  hashTerms,
  LEDGER_FORMAT,
  type Commitment,
  type LedgerEpoch,
  type SignerSet,
} from "../../src/ledger/commitment.js";
import type { AbiBook } from "../../src/ledger/abi.js";
import { comparedPlace, hashRules, type RuleBook } from "../../src/ledger/rules.js";
import { ledgerKey } from "../../src/ledger/key.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import {
  LedgerDesk__factory,
  LedgerHolder__factory,
  LedgerTarget__factory,
  PinBoard__factory,
  type LedgerDesk,
  type LedgerHolder,
  type LedgerTarget,
  type PinBoard,
} from "../../typechain-types/index.js";
import { CONFIG, scopeNamed } from "../policy/world.js";
import { accepted } from "../errors.js";
import { signerOf } from "../sources/install.js";
import { factoryOf } from "./contracts.js";
import {
  bookForContract,
  forContract,
  KIND,
  MARKET,
  NOBODY,
  OTHER,
  RULES,
  setOf,
  USDC,
  VERSION,
  walletsFrom,
  WATCH,
  ZERO,
  type SetInput,
  type SignedInput,
} from "./inputs.js";

/** A desk, and a protocol of two markets that names it. What other contracts answer as these may stand for them. */
export interface LedgerContracts {
  readonly desk: LedgerDesk;
  readonly guard: LedgerTarget;
}

/** Numbers of a ledger's configuration that differ from {@link WATCH}. */
export type WatchChanges = Partial<Record<keyof typeof WATCH, number>>;

/** A ledger's configuration, for a desk. */
export type LedgerConfig = { set: SetInput; book: AbiBook; administrator: string } & Record<keyof typeof WATCH, number>;

/** What a guard names a ledger by. */
export function configHash(desk: LedgerDesk, config: LedgerConfig): string {
  const type = desk.interface.getFunction("open").inputs[2]!;
  return keccak256Of(desk.interface.getAbiCoder().encode([type], [config]));
}

/** A chain with a desk, and a protocol of two markets whose ledgers are open. A contract holds what they are compared with. */
export class LedgerWorld {
  readonly owners: readonly Hex[] = Array.from({ length: 8 }, (_, i) => toHex(keccak256(Uint8Array.of(i)).slice(12)));
  readonly wallets = walletsFrom(1, 3);
  readonly set: SetInput = setOf(this.wallets, 2);
  readonly book: RuleBook;
  readonly rules: Hex;
  /** The market's ledger, as its signers keep it. */
  tree = new LedgerTree();
  sequence = 0n;
  previous: Hex = ZERO;
  epoch = 1n;

  private constructor(
    readonly chain: HardhatChain,
    readonly chainId: bigint,
    readonly signer: Signer,
    readonly administrator: Signer,
    readonly desk: LedgerDesk,
    readonly board: PinBoard,
    readonly guard: LedgerTarget,
    readonly holder: LedgerHolder,
    readonly at: { desk: Hex; guard: Hex; holder: Hex },
    codeHash: Hex,
  ) {
    this.book = bookOf(at.holder, codeHash);
    this.rules = hashRules(this.book);
  }

  static async create(
    chain: HardhatChain,
    deploy: (signer: Signer) => Promise<LedgerContracts> = deployNative,
    changes: WatchChanges = {},
  ): Promise<LedgerWorld> {
    const { provider, getSigners } = chain.tools.ethers;
    const signer = await signerOf(chain);
    const administrator = (await getSigners())[1]!;
    const { chainId } = await provider.getNetwork();
    const { desk, guard } = await deploy(signer);
    const board = PinBoard__factory.connect(await desk.pins(), signer);
    const holder = await new LedgerHolder__factory(signer).deploy();
    const at = {
      desk: (await desk.getAddress()) as Hex,
      guard: (await guard.getAddress()) as Hex,
      holder: (await holder.getAddress()) as Hex,
    };
    const code = await provider.getCode(at.holder);
    const codeHash = toHex(keccak256(Uint8Array.from(Buffer.from(code.slice(2), "hex"))));
    const world = new LedgerWorld(chain, chainId, signer, administrator, desk, board, guard, holder, at, codeHash);
    await world.#fund();
    for (const scope of [MARKET, OTHER]) await world.open(scope, changes);
    return world;
  }

  /** Names and opens the ledger of a scope. */
  async open(scope: Hex, changes: WatchChanges = {}): Promise<void> {
    const config = await this.config(changes);
    await accepted(this.guard.nameLedger(scope, this.hashConfig(config)));
    await accepted(this.desk.open(this.guard, scope, config));
  }

  async config(changes: WatchChanges = {}): Promise<LedgerConfig> {
    return {
      set: this.set,
      book: bookForContract(this.book),
      administrator: await this.administrator.getAddress(),
      ...WATCH,
      ...changes,
    };
  }

  hashConfig(config: LedgerConfig): string {
    return configHash(this.desk, config);
  }

  /** Eight owners with a hundred each, and custody of all of it; the ledger says the same. */
  async #fund(): Promise<void> {
    await this.holder.setBalances(
      this.owners.slice(),
      this.owners.map(() => 100n),
    );
    await this.holder.setCustody(800n);
    this.reset();
  }

  /** The ledger as it was when the world was made, with another balance of the first owner. */
  treeWith(balance = 100n): LedgerTree {
    return LedgerTree.from([
      ...this.owners.map((owner, i) => [this.keyOf(owner), i === 0 ? balance : 100n] as const),
      [this.keyOf(NOBODY), 800n],
    ]);
  }

  /** For a chain that was rolled back to where the world was made. */
  reset(): void {
    this.tree = this.treeWith();
    [this.sequence, this.previous, this.epoch] = [0n, ZERO, 1n];
  }

  keyOf(owner: Hex, kind: Hex = KIND): Hex {
    return ledgerKey({ owner, asset: USDC, kind });
  }

  /** The anchor that lies directly below the head, with its header. */
  async anchor(scope: Hex = MARKET): Promise<{ anchor: StateAnchor; header: Hex }> {
    await this.chain.mine();
    // An epoch's anchors are newer than its opening.
    if (this.chain.head.number <= (await this.desk.ledgerOf(this.guard, scope)).anchored) await this.chain.mine();
    return latestStateAnchor(this.chain.request, { depth: 1 });
  }

  /** The next commitment, as honest signers make it. */
  async next(changes: Partial<Commitment> = {}): Promise<Commitment> {
    const { anchor } = changes.anchor === undefined ? await this.anchor(changes.scope) : { anchor: changes.anchor };
    const { timestamp } = (await this.chain.tools.ethers.provider.getBlock("latest"))!;
    return {
      guard: this.at.guard,
      scope: MARKET,
      epoch: this.epoch,
      sequence: this.sequence + 1n,
      chainId: this.chainId,
      anchor,
      ledgerRoot: this.tree.root,
      format: LEDGER_FORMAT,
      rules: this.rules,
      previous: this.previous,
      validUntil: BigInt(timestamp) + 3_600n,
      validUntilBlock: anchor.number + 300n,
      tier: "safe",
      ...changes,
    };
  }

  /** Signed by the wallets, the others' signatures empty. */
  async sign(commitment: Commitment, wallets: readonly Wallet[] = this.wallets.slice(0, 2)): Promise<SignedInput> {
    const { domain, types, message } = commitmentTypedData(this.at.desk, commitment);
    const signatures = await this.#signatures((wallet) => wallet.signTypedData(domain, types, message), wallets);
    return { commitment: forContract(commitment), descendants: [], set: this.set, signatures };
  }

  /** The next epoch: of another set, or of the same. */
  epochOf(set: SignerSet = this.set, changes: Partial<LedgerEpoch> = {}): LedgerEpoch {
    const { rules } = this;
    return {
      guard: this.at.guard,
      scope: MARKET,
      epoch: this.epoch + 1n,
      set,
      rules,
      validUntil: 2n ** 40n,
      ...changes,
    };
  }

  /** Opens the next epoch of the same signers. */
  async enterEpoch(): Promise<void> {
    const { rules, validUntil } = this.epochOf();
    const signatures = await this.signEpoch(this.epochOf());
    await accepted(this.desk.openEpoch(this.guard, MARKET, this.set, this.set, rules, validUntil, signatures));
    this.epoch++;
  }

  /** Opens a ledger of other rules in the place of the market's: the administrator's, after its delay. */
  async enterRules(book: RuleBook): Promise<void> {
    const desk = this.desk.connect(this.administrator);
    await desk.announceEpoch(this.guard, MARKET, hashTerms(this.set, book));
    await this.chain.stall({ seconds: 4 * WATCH.delay + 12 });
    await this.chain.mine();
    await accepted(desk.openAnnouncedEpoch(this.guard, MARKET, this.set, bookForContract(book)));
    this.epoch++;
  }

  /** As {@link enterRules}, a mirror of the holder. The ledger has what that held when the world was made: custody, and each owner's balance. */
  async enterMirror(): Promise<{ book: RuleBook; slots: readonly Hex[] }> {
    const whole = { asset: ZERO, kind: ZERO, holder: this.at.holder, slot: ZERO, member: 0, offset: 0, bits: 256 };
    const book: RuleBook = { version: ZERO, rules: [{ ...whole, derivation: "mirror", comparator: "==" }], codes: [] };
    await this.enterRules(book);
    const slots = [ZERO, ...this.owners.map((who) => comparedPlace(this.book.rules[RULES.balance]!, who).slot)];
    this.tree = LedgerTree.from(slots.map((slot, i) => [slot, i === 0 ? 800n : 100n]));
    return { book, slots };
  }

  async signEpoch(next: LedgerEpoch, wallets: readonly Wallet[] = this.wallets.slice(0, 2)): Promise<string[]> {
    const { domain, types, message } = epochTypedData({ desk: this.at.desk, chainId: this.chainId, next });
    return this.#signatures((wallet) => wallet.signTypedData(domain, types, message), wallets);
  }

  #signatures(sign: (wallet: Wallet) => Promise<string>, wallets: readonly Wallet[]): Promise<string[]> {
    return Promise.all(this.wallets.map(async (wallet) => (wallets.includes(wallet) ? sign(wallet) : "0x")));
  }

  async relay({ commitment, set, signatures }: SignedInput): Promise<ContractTransactionResponse> {
    return this.desk.relay(commitment, set, signatures);
  }

  /** Signs and relays the next commitment, and goes on from it. */
  async commit(changes: Partial<Commitment> = {}): Promise<Commitment> {
    const commitment = await this.next(changes);
    await accepted(this.relay(await this.sign(commitment)));
    this.sequence = commitment.sequence;
    this.previous = hashCommitment(commitment);
    return commitment;
  }

  /** What shows that a rule does not hold of an owner: for `disputeLeaf`. */
  async leafProof({ rule, owner, anchor, tree = this.tree }: LeafQuestion) {
    const compared = this.book.rules[rule]!;
    const { key, slot } = comparedPlace(compared, owner);
    const { header, witness } = await prove(this.chain.request, { anchor, account: compared.holder, slots: [slot] });
    return {
      rule,
      owner: owner === undefined ? ZERO : toWord(BigInt(owner)),
      witness: tree.prove([key]).witness,
      state: { header, pinnedRoot: ZERO, witness },
    };
  }

  /** Status of a market: 0 Synced, 1 Lagging, 2 Stale, 3 Diverged. */
  async statusOf(scope: Hex = MARKET): Promise<number> {
    return Number((await this.guard.statusOf(scope)).status);
  }
}

async function deployNative(signer: Signer): Promise<LedgerContracts> {
  const board = await new PinBoard__factory(signer).deploy();
  return deployWith((await board.getAddress()) as Hex, signer);
}

/** A desk, over a board of pins or over none, which is zero. */
export async function deployWith(board: Hex, signer: Signer): Promise<LedgerContracts> {
  const desks = await factoryOf(LedgerDesk__factory, "contracts/LedgerDesk.sol", signer);
  const desk = await desks.deploy(board);
  return { desk, guard: await deployGuard(desk, signer) };
}

/** A protocol of two markets that trusts the desk. */
export async function deployGuard(desk: LedgerDesk, signer: Signer): Promise<LedgerTarget> {
  const guards = await factoryOf(LedgerTarget__factory, "contracts/mocks/LedgerTargets.sol", signer);
  return guards.deploy(desk, CONFIG, [MARKET, OTHER]);
}

interface LeafQuestion {
  readonly rule: number;
  readonly owner?: Hex;
  readonly anchor: StateAnchor;
  readonly tree?: LedgerTree;
}

function bookOf(holder: Hex, codeHash: Hex): RuleBook {
  const whole = { asset: USDC, holder, member: 0, offset: 0, bits: 256 } as const;
  return {
    version: VERSION,
    rules: [
      { ...whole, kind: KIND, slot: toWord(1n), derivation: "by-owner", comparator: "==" },
      { ...whole, kind: scopeNamed("asset"), slot: toWord(2n), derivation: "by-owner-asset", comparator: "<=" },
      {
        ...whole,
        kind: scopeNamed("margin"),
        slot: toWord(3n),
        member: 0,
        offset: 192,
        bits: 64,
        derivation: "by-owner",
        comparator: ">=",
      },
      { ...whole, kind: KIND, slot: toWord(0n), derivation: "fixed", comparator: "<=" },
    ],
    codes: [
      { account: holder, isSlot: false, slot: ZERO, expected: codeHash },
      { account: holder, isSlot: true, slot: toWord(0n), expected: toWord(800n) },
    ],
  };
}
