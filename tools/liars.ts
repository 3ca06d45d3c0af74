import type { Signer } from "ethers";

import { checkDeployment } from "../src/actions/checkDeployment.js";
import type { DeploymentInput } from "../src/policy/deployment.js";
import { disputeOf } from "../src/actions/disputeOf.js";
import { deployAt } from "../src/actions/deployAt.js";
import { auditTrail } from "../src/actions/auditTrail.js";
import { checkRules } from "../src/actions/checkRules.js";
import { explainLedger } from "../src/actions/explainLedger.js";
import { explainScope } from "../src/actions/explainScope.js";
import { fetchHeader } from "../src/actions/fetchHeader.js";
import { firstDivergence } from "../src/actions/firstDivergence.js";
import { latestAnchor, latestStateAnchor } from "../src/actions/latestAnchor.js";
import { prepareCommitment } from "../src/actions/prepareCommitment.js";
import { prove } from "../src/actions/prove.js";
import { proveChain } from "../src/actions/proveChain.js";
import { reconcile } from "../src/actions/reconcile.js";
import type { RuleDifference } from "../src/actions/ruleDifferences.js";
import { findStandstill, findStandstills } from "../src/actions/standstill.js";
import type { StateAnchor } from "../src/anchor/anchor.js";
import { toWord, type Hex } from "../src/core/bytes.js";
import type { hardhatForks, HardhatChain } from "../src/hardhat/index.js";
import type { Commitment } from "../src/ledger/commitment.js";
import { comparedPlace } from "../src/ledger/rules.js";
import type { Connection } from "../src/rpc/request.js";
import { LedgerHolder__factory, StandaloneGuard__factory } from "../typechain-types/index.js";
import { installProxy, noted } from "./deployment.js";
import { MARKET, RULES } from "./ledger/inputs.js";
import { LedgerWorld } from "./ledger/world.js";

/** What an action is asked to do, by a connection that may lie. Each request may take so many milliseconds. */
export type Ask = (connection: Connection, timeout: number) => Promise<unknown>;

const SALT = toWord(7n);

/** Two branches on which the same contracts hold something else, and all that is asked about the first. */
export class LiarsWorld {
  private constructor(
    readonly chain: HardhatChain,
    /** Of the same past, with other values in the same contracts. */
    readonly other: HardhatChain,
    readonly world: LedgerWorld,
    private readonly anchor: StateAnchor,
    private readonly commitment: Commitment,
    private readonly difference: RuleDifference,
    private readonly deployment: DeploymentInput,
    private readonly standalone: Awaited<ReturnType<typeof noted>>,
    private readonly initCode: Hex,
  ) {}

  static async create(forks: ReturnType<typeof hardhatForks>): Promise<LiarsWorld> {
    let world!: LedgerWorld;
    let standalone!: Awaited<ReturnType<typeof noted>>;
    const initCode = StandaloneGuard__factory.bytecode as Hex;
    const prepare = async (first: HardhatChain): Promise<void> => {
      world = await LedgerWorld.create(first);
      standalone = await noted(first.request, await new StandaloneGuard__factory(world.signer).deploy());
      const from = await world.signer.getAddress();
      await installProxy(first.request, from);
      await deployAt(first.request, { initCode, salt: SALT, from });
      await world.commit();
    };
    const [chain, other] = (await forks.partition({ prepare })) as [HardhatChain, HardhatChain];
    await setBalances(other, world, [7n, 5n]);
    await other.stall({ seconds: 2_000 });
    await other.mine(12);

    await setBalances(chain, world, [150n]);
    const commitment = await world.commit();
    await setBalances(chain, world, [160n, 90n]);
    await chain.stall({ seconds: 1_000 });
    await chain.mine(2);
    await world.commit();
    await chain.mine(3);
    const { anchor } = commitment;
    const { tree, book, owners } = world;
    const { differences } = await reconcile(chain.request, { anchor, tree, book, owners });
    const deployment: DeploymentInput = {
      chainId: Number(world.chainId),
      contracts: {
        standalone: { ...standalone, kind: "standalone-guard" },
        guard: { address: world.at.guard, kind: "settlement-guard", desk: world.at.desk, ledgers: { eth: {} } },
        desk: { address: world.at.desk, kind: "ledger-desk" },
      },
    };
    return new LiarsWorld(chain, other, world, anchor, commitment, differences[0]!, deployment, standalone, initCode);
  }

  async close(): Promise<void> {
    await this.chain.close();
    await this.other.close();
  }

  /** What names its block by a hash that its caller trusts. No endpoint chooses anything there. */
  get anchored(): Readonly<Record<string, Ask>> {
    const { anchor, commitment, difference } = this;
    const { tree, book, owners, at } = this.world;
    const block = { number: anchor.number, hash: anchor.hash };
    const question = { account: at.holder, slots: this.#slots() };
    const storageRoot = prove(this.chain.request, { anchor, ...question }).then(({ account }) =>
      account.status === "present" ? account.storageRoot : "",
    );
    const states = [{ anchor, tree }];
    return {
      "fetchHeader by hash": (c, timeout) => fetchHeader(c, { block: { hash: anchor.hash }, timeout }),
      "prove at an anchor": (c, timeout) => prove(c, { anchor: block, ...question, slotsPerRequest: 2, timeout }),
      "prove at a state anchor": (c, timeout) => prove(c, { anchor, ...question, timeout }),
      "prove under a pin": async (c, timeout) =>
        prove(c, { anchor: block, ...question, pinned: { storageRoot: await storageRoot }, timeout }),
      reconcile: (c, timeout) => reconcile(c, { anchor, tree, book, owners, timeout }),
      firstDivergence: (c, timeout) =>
        firstDivergence(c, { states, book, owners, timeout }).then((it) => it?.difference),
      checkRules: (c, timeout) => checkRules(c, { anchor, tree, book, owners, timeout }),
      disputeOf: (c, timeout) => disputeOf(c, { difference, desk: at.desk, commitment, tree, book, timeout }),
    };
  }

  /** What lets the endpoint say which chain there is, or believes what it reads. */
  get believing(): Readonly<Record<string, Ask>> {
    const { at, set, book, tree } = this.world;
    const where = { desk: at.desk, guard: at.guard, scope: "eth" };
    const { number } = this.anchor;
    const account = at.holder;
    return {
      latestAnchor: (c, timeout) => latestAnchor(c, { timeout }),
      latestStateAnchor: (c, timeout) => latestStateAnchor(c, { timeout }),
      "fetchHeader by number": (c, timeout) => fetchHeader(c, { block: number, timeout }),
      "fetchHeader by tag": (c, timeout) => fetchHeader(c, { block: "finalized", timeout }),
      "prove at a tag": (c, timeout) => prove(c, { anchor: "latest", account, slots: this.#slots(), timeout }),
      findStandstill: (c, timeout) => findStandstill(c, { gap: 900, timeout }),
      findStandstills: (c, timeout) => findStandstills(c, { gap: 900, timeout }),
      proveChain: (c, timeout) => proveChain(c, { timeout }),
      explainScope: (c, timeout) => explainScope(c, { guard: at.guard, scope: "eth", timeout }),
      explainLedger: (c, timeout) => explainLedger(c, { ...where, timeout }),
      auditTrail: (c, timeout) => auditTrail(c, { ...where, timeout }),
      checkDeployment: (c, timeout) => checkDeployment(c, { deployment: this.deployment, timeout }),
      prepareCommitment: (c, timeout) =>
        prepareCommitment(c, {
          ...{ desk: at.desk, guard: at.guard, scope: MARKET, set, book, tier: "head" },
          ...{ validFor: { seconds: 600, blocks: 50 }, ledgerAt: () => tree, timeout },
          check: async (anchor) => void (await prove(c, { anchor, account, slots: this.#slots(), timeout })),
        }),
      deployAt: (c, timeout) => deployAt(c, { ...this.#deployed(), timeout }),
    };
  }

  #slots(): Hex[] {
    return this.world.owners
      .slice(0, 3)
      .map((owner) => comparedPlace(this.world.book.rules[RULES.balance]!, owner).slot);
  }

  /** It is there already: whoever sends nevertheless waits for a transaction that nobody made. */
  #deployed() {
    const { initCode, standalone } = this;
    return { initCode, salt: SALT, codeHash: standalone.codeHash, patience: 1, send: async () => toWord(1n) };
  }
}

/** Sets the balances of the first owners. Where a branch has a signer of its own, it sends. */
async function setBalances(chain: HardhatChain, { owners, at }: LedgerWorld, balances: bigint[]): Promise<void> {
  const [signer] = (await chain.tools.ethers.getSigners()) as Signer[];
  const holder = LedgerHolder__factory.connect(at.holder, signer);
  await holder.setBalances(owners.slice(0, balances.length), balances);
}
