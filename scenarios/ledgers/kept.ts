import type { Wallet } from "ethers";

import { checkRules } from "../../src/actions/checkRules.js";
import type { DisputedCommitment } from "../../src/actions/disputedCommitment.js";
import { prepareCommitment, type PreparedCommitment } from "../../src/actions/prepareCommitment.js";
import type { Hex } from "../../src/core/bytes.js";
import { abiCommitment } from "../../src/ledger/abi.js";
import {
  commitmentTypedData,
  epochTypedData,
  hashCommitment,
  type Commitment,
  type LedgerTypedData,
} from "../../src/ledger/commitment.js";
import { relayCall } from "../../src/ledger/signing.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import type { Connection } from "../../src/rpc/request.js";
import { ON_RECORD } from "../../tools/ledger/inputs.js";
import type { BlockRef } from "../types.js";
import { SIGNERS, WALLETS, scopeOf, type LedgerMarkets, type Market } from "./markets.js";

/** A commitment with its signatures, and the ledger to which it commits. */
export interface SignedLedger {
  readonly commitment: Commitment;
  readonly signatures: readonly Hex[];
  readonly tree: LedgerTree;
  /** The head that its signers saw. */
  readonly signedAt: BlockRef;
  readonly signedOn: string;
}

/** How a signer prepares a commitment. */
interface Preparing {
  /** By default the chain's own node. */
  readonly connection?: Connection;
  readonly last?: Commitment;
}

/** A market's ledger as its signers keep it. */
export class KeptLedger {
  /** What was relayed, the oldest first. */
  readonly relayed: SignedLedger[] = [];

  constructor(
    readonly markets: LedgerMarkets,
    public tree: LedgerTree,
    readonly market: Market = "ETH-PERP",
    /** Whose entries are compared besides everybody's. */
    readonly others: Hex[] = [],
  ) {}

  /** Whose entries are compared. */
  async owners(): Promise<Hex[]> {
    const roles = Object.values(this.markets.signers);
    return [...((await Promise.all(roles.map((signer) => signer.getAddress()))) as Hex[]), ...this.others];
  }

  /** What a signer prepares who compares the ledger with proven state. Throws where they disagree. */
  async prepare({ connection = this.markets.chain.request, last }: Preparing = {}): Promise<PreparedCommitment> {
    const owners = await this.owners();
    const book = this.markets.books[this.market];
    const check = (anchor: Commitment["anchor"], tree: LedgerTree): Promise<void> =>
      checkRules(connection, { anchor, tree, book, owners });
    return this.#prepare(check, connection, last);
  }

  /** What one prepares who compares nothing. */
  async prepareUnchecked(changes: Partial<Commitment> = {}): Promise<Commitment> {
    const { commitment } = await this.#prepare(() => Promise.resolve());
    return { ...commitment, ...changes };
  }

  #prepare(
    check: (anchor: Commitment["anchor"], tree: LedgerTree) => Promise<void>,
    connection: Connection = this.markets.chain.request,
    last?: Commitment,
  ): Promise<PreparedCommitment> {
    const { at, books } = this.markets;
    return prepareCommitment(connection, {
      ...{
        desk: at.desk,
        guard: at.twins.guarded,
        scope: scopeOf(this.market),
        set: SIGNERS,
        book: books[this.market],
      },
      tier: "safe",
      validFor: { seconds: 3_600, blocks: 300 },
      ledgerAt: () => this.tree,
      check,
      ...(last === undefined ? {} : { last }),
    });
  }

  /** Signed by a quorum, together with a copy of the ledger as it is now. */
  async sign(commitment: Commitment, wallets: readonly Wallet[] = WALLETS.slice(0, 2)): Promise<SignedLedger> {
    const { chain } = this.markets;
    const signatures = await signaturesOf(commitmentTypedData(this.markets.at.desk, commitment), wallets);
    const tree = LedgerTree.from(this.tree.entries());
    return { commitment, signatures, tree, signedAt: chain.head, signedOn: chain.name };
  }

  async relay(signed: SignedLedger): Promise<void> {
    const { desk, at } = this.markets;
    const { args } = relayCall({ desk: at.desk, set: SIGNERS, ...signed });
    await (await desk.relay(...args)).wait();
    this.relayed.push(signed);
  }

  /** Honest signers prepare, check, sign and relay. */
  async commit(): Promise<SignedLedger> {
    const signed = await this.sign((await this.prepare()).commitment);
    await this.relay(signed);
    return signed;
  }

  /** Signers who compare nothing sign, and it is relayed. */
  async commitUnchecked(changes: Partial<Commitment> = {}): Promise<SignedLedger> {
    const signed = await this.sign(await this.prepareUnchecked(changes));
    await this.relay(signed);
    return signed;
  }

  get last(): SignedLedger {
    return this.relayed.at(-1)!;
  }

  /** The signers hand over to themselves: what they signed and did not relay is void. */
  async openEpoch(): Promise<void> {
    const { desk, at, chain } = this.markets;
    const [guard, scope] = [at.twins.guarded, scopeOf(this.market)];
    const { rules, chainId } = this.last.commitment;
    const { epoch } = await desk.ledgerOf(guard, scope);
    const { timestamp } = (await chain.tools.ethers.provider.getBlock("latest"))!;
    const validUntil = BigInt(timestamp) + 600n;
    const next = { guard, scope, epoch: epoch + 1n, set: SIGNERS, rules, validUntil };
    const signatures = await signaturesOf(epochTypedData({ desk: at.desk, chainId, next }), WALLETS);
    await desk.openEpoch(guard, scope, SIGNERS, SIGNERS, rules, validUntil, signatures);
  }
}

/** As evidence: on record below those that were relayed after it, or by its signatures. */
export function evidenceOf(signed: SignedLedger, relayed: readonly SignedLedger[] = []): DisputedCommitment {
  const commitment = abiCommitment(signed.commitment);
  const at = relayed.findIndex((other) => hashCommitment(other.commitment) === hashCommitment(signed.commitment));
  if (at < 0) return { commitment, descendants: [], set: { ...SIGNERS }, signatures: [...signed.signatures] };
  const descendants = relayed.slice(at + 1).map((later) => abiCommitment(later.commitment));
  return { ...ON_RECORD, commitment, descendants, signatures: [] };
}

/** In the order of the set; empty where one does not sign. */
function signaturesOf({ domain, types, message }: LedgerTypedData, signing: readonly Wallet[]): Promise<Hex[]> {
  return Promise.all(
    WALLETS.map(async (wallet) => {
      if (!signing.includes(wallet)) return "0x";
      return (await wallet.signTypedData(domain, types, message)) as Hex;
    }),
  );
}
