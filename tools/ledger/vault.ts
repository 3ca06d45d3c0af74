import { AbiCoder, keccak256, parseEther, ZeroAddress, type Signer } from "ethers";

import { checkRules } from "../../src/actions/checkRules.js";
import { disputeOf } from "../../src/actions/disputeOf.js";
import { prepareCommitment } from "../../src/actions/prepareCommitment.js";
import { reconcile } from "../../src/actions/reconcile.js";
import type { Hex } from "../../src/core/bytes.js";
import type { HardhatChain } from "../../src/hardhat/index.js";
import { commitmentTypedData, type Commitment } from "../../src/ledger/commitment.js";
import { ledgerKey, totalKey } from "../../src/ledger/key.js";
import type { RuleBook } from "../../src/ledger/rules.js";
import { assembleSignatures, relayCall } from "../../src/ledger/signing.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import {
  LedgerDesk__factory,
  LedgerSettledVault__factory,
  type LedgerDesk,
  type LedgerSettledVault,
} from "../../typechain-types/index.js";
import { CONFIG, scopeNamed } from "../policy/world.js";
import { signerOf } from "../sources/install.js";
import {
  bookForContract,
  forContract,
  MARKET,
  OTHER,
  setOf,
  VERSION,
  walletsFrom,
  WATCH,
  ZERO,
  type SignedInput,
} from "./inputs.js";
import { configHash } from "./world.js";

/** What a market's ledger says of an owner, in wei. */
export interface Holding {
  readonly deposited: bigint;
  readonly entitled: bigint;
}

/** A commitment that a quorum signed: as evidence, and as `relay` takes it. */
export interface SignedCommitment {
  readonly commitment: Commitment;
  readonly evidence: SignedInput;
  readonly relayed: ReturnType<typeof relayCall>["args"];
}

const DAY = 86_400;
/** For how long a root can be disputed before it pays, in seconds. */
export const DISPUTE_TIME = 600;
/** Long enough for a root to settle without a commitment in between. */
const SPANS = { ...WATCH, silence: 2 * DAY } as const;

/** A chain with a desk, and the example's vault of two markets, whose ledgers are open. */
export class VaultWorld {
  readonly #wallets = walletsFrom(1, 3);
  readonly #set = setOf(this.#wallets, 2);

  private constructor(
    readonly chain: HardhatChain,
    readonly desk: LedgerDesk,
    readonly vault: LedgerSettledVault,
    readonly alice: Signer,
    readonly bob: Signer,
    private readonly at: { readonly desk: Hex; readonly vault: Hex },
    readonly owners: { readonly alice: Hex; readonly bob: Hex },
  ) {}

  static async create(chain: HardhatChain): Promise<VaultWorld> {
    const operator = await signerOf(chain);
    const [, alice, bob] = (await chain.tools.ethers.getSigners()) as unknown as [Signer, Signer, Signer];
    const desk = await new LedgerDesk__factory(operator).deploy(ZeroAddress);
    const vault = await new LedgerSettledVault__factory(operator).deploy(
      desk,
      await desk.proofs(),
      operator,
      DISPUTE_TIME,
    );
    const at = { desk: (await desk.getAddress()) as Hex, vault: (await vault.getAddress()) as Hex };
    const owners = { alice: (await alice.getAddress()) as Hex, bob: (await bob.getAddress()) as Hex };
    const world = new VaultWorld(chain, desk, vault, alice, bob, at, owners);
    for (const market of [MARKET, OTHER]) {
      const config = world.config(market);
      await vault.list(market, CONFIG, configHash(desk, config));
      await desk.open(vault, market, config);
    }
    return world;
  }

  config(market: Hex) {
    return { set: this.#set, book: bookForContract(this.book(market)), administrator: ZeroAddress, ...SPANS, delay: 0 };
  }

  /** Slots 0 and 1, as Solidity lays out mappings. */
  book(market: Hex): RuleBook {
    const whole = { asset: market, holder: this.at.vault, member: 0, offset: 0, bits: 256 } as const;
    const total = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [market, 1n])) as Hex;
    return {
      version: VERSION,
      rules: [
        { ...whole, kind: scopeNamed("deposited"), slot: ZERO, derivation: "by-owner-asset", comparator: "==" },
        { ...whole, kind: scopeNamed("entitled"), slot: total, derivation: "fixed", comparator: "<=" },
      ],
      codes: [],
    };
  }

  /** A market's ledger. The total is the sum, as long as nobody says something else. */
  ledger(holdings: { alice: Holding; bob?: Holding }, market: Hex = MARKET, total?: bigint): LedgerTree {
    const entries = Object.entries(holdings).flatMap(([name, { deposited, entitled }]): [Hex, bigint][] => {
      const owner = this.owners[name as "alice" | "bob"];
      return [
        [ledgerKey({ owner, asset: market, kind: "deposited" }), deposited],
        [ledgerKey({ owner, asset: market, kind: "entitled" }), entitled],
      ];
    });
    const sum = Object.values(holdings).reduce((all, { entitled }) => all + entitled, 0n);
    return LedgerTree.from([...entries, [totalKey({ asset: market, kind: "entitled" }), total ?? sum]]);
  }

  /** What two of the three prepare and sign, as the ledger stands at the newest block. A liar checks nothing. */
  async signed(tree: LedgerTree, { market = MARKET, isHonest = true } = {}): Promise<SignedCommitment> {
    const { desk, vault: guard } = this.at;
    const [set, book] = [this.#set, this.book(market)];
    const { request } = this.chain;
    const owners = Object.values(this.owners);
    await this.chain.mine();
    const { commitment } = await prepareCommitment(request, {
      ...{ desk, guard, scope: market, set, book },
      tier: "safe",
      validFor: { seconds: 600, blocks: 50 },
      ledgerAt: () => tree,
      check: async (anchor) => void (isHonest && (await checkRules(request, { anchor, tree, book, owners }))),
    });
    return this.sign(commitment);
  }

  /** Two of the three sign whatever it is. */
  async sign(commitment: Commitment): Promise<SignedCommitment> {
    const [set, desk] = [this.#set, this.at.desk];
    const { domain, types, message } = commitmentTypedData(desk, commitment);
    const signing = this.#wallets.slice(0, 2).map(async (wallet) => {
      return { signer: wallet.address, signature: await wallet.signTypedData(domain, types, message) };
    });
    const signatures = assembleSignatures({ set, signatures: await Promise.all(signing) });
    const evidence = { commitment: forContract(commitment), descendants: [], set, signatures };
    return { commitment, evidence, relayed: relayCall({ desk, commitment, set, signatures }).args };
  }

  /** Two of the three sign, and the commitment is relayed. */
  async commit(tree: LedgerTree, how: { market?: Hex; isHonest?: boolean } = {}): Promise<Commitment> {
    const { commitment, relayed } = await this.signed(tree, how);
    await this.desk.relay(...relayed);
    return commitment;
  }

  /** Finds what is wrong with a commitment on record, and disputes it. */
  async dispute(commitment: Commitment, tree: LedgerTree): Promise<void> {
    const { request } = this.chain;
    const book = this.book(commitment.scope);
    const owners = Object.values(this.owners);
    const { differences } = await reconcile(request, { anchor: commitment.anchor, tree, book, owners });
    const about = { difference: differences[0]!, desk: this.at.desk, commitment, tree, book };
    const dispute = await disputeOf(request, about);
    await this.desk.getFunction(dispute.function)(...dispute.args);
  }

  /** An owner's two witnesses under a ledger's root. */
  witnesses(tree: LedgerTree, owner: Hex, market: Hex = MARKET): readonly [deposited: Hex, entitled: Hex] {
    const witness = (kind: string): Hex => tree.prove([ledgerKey({ owner, asset: market, kind })]).witness;
    return [witness("deposited"), witness("entitled")];
  }

  /** A ledger that is committed to, shown, and has stood for as long as it must. */
  async settle(tree: LedgerTree, market: Hex = MARKET): Promise<void> {
    const commitment = await this.commit(tree, { market });
    await this.vault.show(forContract(commitment));
    await this.chain.passTime({ seconds: DISPUTE_TIME });
  }
}

export const eth = (amount: number): bigint => parseEther(String(amount));
